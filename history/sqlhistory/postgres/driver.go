package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// connector makes connections of pgx on which the statements of package sqlhistory work:
// parameters are written as ?, texts may hold every character, and a server that does not
// answer at all is an error.
type connector struct {
	driver.Connector
	silence time.Duration
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: made.(*stdlib.Conn), silence: c.silence}, nil
}

type conn struct {
	*stdlib.Conn
	silence time.Duration
}

// CheckNamedValue changes a parameter into what pgx sends.
func (c *conn) CheckNamedValue(parameter *driver.NamedValue) (err error) {
	if valuer, ok := parameter.Value.(driver.Valuer); ok {
		if parameter.Value, err = valuer.Value(); err != nil {
			return err
		}
	}
	switch value := parameter.Value.(type) {
	case string:
		parameter.Value = escape(value)
	case []string:
		escaped := make([]string, len(value))
		for i := range value {
			escaped[i] = escape(value[i])
		}
		parameter.Value = escaped
	}
	return nil
}

// ExecContext executes a statement, or several without parameters. If the first of them is
// BEGIN and a later one fails, no transaction is left open.
func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.Conn.ExecContext(ctx, numbered(text), args)
	if err != nil && strings.HasPrefix(text, "BEGIN") && !c.Conn.Conn().IsClosed() {
		_, open := c.Conn.ExecContext(ctx, "ROLLBACK", nil)
		err = errors.Join(err, open)
	}
	return result, err
}

func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	return c.query(ctx, func(ctx context.Context) (driver.Rows, error) { return c.Conn.QueryContext(ctx, numbered(text), args) })
}

func (c *conn) query(ctx context.Context, do func(context.Context) (driver.Rows, error)) (driver.Rows, error) {
	watch := c.watch(ctx)
	found, err := do(watch.ctx)
	if err != nil {
		watch.end()
		return nil, watch.explain(err)
	}
	return &rows{Rows: found, watch: watch}, nil
}

// PrepareContext prepares a statement. One without parameters is not prepared but sent as
// text, so it can be several statements at once.
func (c *conn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	if !strings.Contains(text, "?") {
		return &plain{c, text}, nil
	}
	made, err := c.Conn.PrepareContext(ctx, numbered(text))
	if err != nil {
		return nil, err
	}
	return &statement{made.(*stdlib.Stmt), c}, nil
}

// statement is a prepared statement.
type statement struct {
	*stdlib.Stmt
	conn *conn
}

func (s *statement) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	watch := s.conn.watch(ctx)
	defer watch.end()
	result, err := s.Stmt.ExecContext(watch.ctx, args)
	return result, watch.explain(err)
}

func (s *statement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.query(ctx, func(ctx context.Context) (driver.Rows, error) { return s.Stmt.QueryContext(ctx, args) })
}

// plain is a statement without parameters and without a result.
type plain struct {
	conn *conn
	text string
}

var errUnused = errors.New("not used by package sqlhistory")

func (p *plain) Close() error                               { return nil }
func (p *plain) NumInput() int                              { return 0 }
func (p *plain) Exec([]driver.Value) (driver.Result, error) { return nil, errUnused }
func (p *plain) Query([]driver.Value) (driver.Rows, error)  { return nil, errUnused }

func (p *plain) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	watch := p.conn.watch(ctx)
	defer watch.end()
	result, err := p.conn.ExecContext(watch.ctx, p.text, args)
	return result, watch.explain(err)
}

type rows struct {
	driver.Rows
	watch *watch
}

func (r *rows) Next(into []driver.Value) error {
	r.watch.again()
	if err := r.Rows.Next(into); err != nil {
		return r.watch.explain(err)
	}
	for i := range into {
		if text, ok := into[i].(string); ok {
			into[i] = unescape(text)
		}
	}
	return nil
}

func (r *rows) Close() error {
	defer r.watch.end()
	return r.Rows.Close()
}

// errSilent says that a server did not answer in time.
var errSilent = errors.New("the PostgreSQL server does not answer")

// watch ends a statement whose server is silent for too long.
type watch struct {
	ctx    context.Context
	asked  context.Context // of the caller
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  time.Duration
}

func (c *conn) watch(asked context.Context) *watch {
	ctx, cancel := context.WithCancelCause(asked)
	return &watch{ctx: ctx, asked: asked, cancel: cancel, limit: c.silence, timer: time.AfterFunc(c.silence, func() { cancel(errSilent) })}
}

// again begins to count the silence anew.
func (w *watch) again() { w.timer.Reset(w.limit) }

func (w *watch) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// explain names the end of a context as the reason of an error. The error of a silent
// server does not match that of a context, since no caller has ended one.
func (w *watch) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case w.asked.Err() != nil && !errors.Is(err, w.asked.Err()):
		return fmt.Errorf("%w: %w", w.asked.Err(), err)
	case w.asked.Err() == nil && context.Cause(w.ctx) == errSilent: //nolint:errorlint // it is this very error
		return fmt.Errorf("%w within %s: %s", errSilent, w.limit, err.Error())
	}
	return err
}

// numbered writes the parameters of a statement as $1, $2 and so on. The texts of package
// sqlhistory have no other question marks.
func numbered(text string) string {
	parts := strings.Split(text, "?")
	var out strings.Builder
	for i, part := range parts {
		if i > 0 {
			out.WriteString("$" + strconv.Itoa(i))
		}
		out.WriteString(part)
	}
	return out.String()
}

package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/fxrun/fxrun/internal/postgresaddress"
)

// connector makes connections of pgx on which the statements of package sqlhistory work:
// parameters are written as ?, and texts may hold every character.
type connector struct {
	driver.Connector
	// migrates says that a statement may take any time, unless it begins or ends a transaction.
	migrates bool
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: made.(*stdlib.Conn), migrates: c.migrates}, nil
}

type conn struct {
	*stdlib.Conn
	migrates bool
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
func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (result driver.Result, err error) {
	execute := func() error {
		result, err = c.Conn.ExecContext(ctx, numbered(text), args)
		return err
	}
	begins := strings.HasPrefix(text, "BEGIN")
	if c.migrates && !begins && text != "COMMIT" && text != "ROLLBACK" {
		err = postgresaddress.WithoutLimit(c.Conn.Conn().PgConn(), execute)
	} else {
		err = execute()
	}
	if err != nil && begins && !c.Conn.Conn().IsClosed() {
		_, open := c.Conn.ExecContext(ctx, "ROLLBACK", nil)
		err = errors.Join(err, open)
	}
	return result, err
}

func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	return unescaped(c.Conn.QueryContext(ctx, numbered(text), args))
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
	return &statement{made.(*stdlib.Stmt)}, nil
}

// statement is a prepared statement.
type statement struct{ *stdlib.Stmt }

func (s *statement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return unescaped(s.Stmt.QueryContext(ctx, args))
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
	return p.conn.ExecContext(ctx, p.text, args)
}

// rows are the rows of a query, with the texts that were stored.
type rows struct{ driver.Rows }

func unescaped(found driver.Rows, err error) (driver.Rows, error) {
	if err != nil {
		return nil, err
	}
	return &rows{found}, nil
}

func (r *rows) Next(into []driver.Value) error {
	if err := r.Rows.Next(into); err != nil {
		return err
	}
	for i := range into {
		if text, ok := into[i].(string); ok {
			into[i] = unescape(text)
		}
	}
	return nil
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

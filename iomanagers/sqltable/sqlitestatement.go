package sqltable

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// sqliteStatement is a prepared statement that is executed often, on one connection.
type sqliteStatement interface {
	exec(ctx context.Context, args []driver.NamedValue) error
	close()
}

// prepareSQLite prepares a statement with the driver itself if it can be used so. database/sql would
// copy and look at each value of each execution again.
func prepareSQLite(ctx context.Context, conn *sql.Conn, text string) (sqliteStatement, error) {
	var direct *driverStatement
	err := conn.Raw(func(connection any) error {
		preparer, ok := connection.(driver.ConnPrepareContext)
		if !ok || convertsValues(connection) {
			return nil
		}
		statement, err := preparer.PrepareContext(ctx, text)
		if err != nil {
			return err
		}
		executer, ok := statement.(driver.StmtExecContext)
		if !ok || convertsValues(statement) {
			return statement.Close()
		}
		direct = &driverStatement{conn: conn, statement: statement, executer: executer}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if direct != nil {
		return direct, nil
	}
	prepared, err := conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return &pooledStatement{prepared: prepared}, nil
}

// convertsValues says that a driver has a part in the conversion of values, which database/sql asks for.
func convertsValues(of any) bool {
	switch of.(type) {
	case driver.NamedValueChecker, driver.ColumnConverter: //nolint:staticcheck // database/sql still asks for it
		return true
	}
	return false
}

// driverStatement is a statement of a driver.
type driverStatement struct {
	conn      *sql.Conn
	statement driver.Stmt
	executer  driver.StmtExecContext
}

func (s *driverStatement) exec(ctx context.Context, args []driver.NamedValue) error {
	return s.conn.Raw(func(any) error {
		_, err := s.executer.ExecContext(ctx, args)
		return err
	})
}

func (s *driverStatement) close() {
	_ = s.conn.Raw(func(any) error { return s.statement.Close() }) // it was used up
}

// pooledStatement is a statement of database/sql.
type pooledStatement struct {
	prepared *sql.Stmt
	args     []any
}

func (s *pooledStatement) exec(ctx context.Context, args []driver.NamedValue) error {
	s.args = plainArguments(s.args[:0], args)
	_, err := s.prepared.ExecContext(ctx, s.args...)
	return err
}

func (s *pooledStatement) close() { _ = s.prepared.Close() }

func plainArguments(to []any, args []driver.NamedValue) []any {
	for i := range args {
		to = append(to, args[i].Value)
	}
	return to
}

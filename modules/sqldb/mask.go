package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/fxrun/fxrun/container"
)

// OpenMasked is sql.OpenDB with the secrets masked in the errors of the driver when
// it makes a connection, which it may do at any time: some drivers quote what they
// were given. A masked error stands alone, since the text of an error below it would
// hold the secret too. It is for packages that know a database.
func OpenMasked(connector driver.Connector, masker *container.Masker) *sql.DB {
	return sql.OpenDB(maskedConnector{connector, masker})
}

type maskedConnector struct {
	driver.Connector
	masker *container.Masker
}

func (c maskedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	return conn, masked(err, c.masker)
}

// Close closes the driver's connector, if it has to be closed.
func (c maskedConnector) Close() error {
	if closer, ok := c.Connector.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

func masked(err error, masker *container.Masker) error {
	if err == nil {
		return nil
	}
	if text := masker.Mask(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

// connectorOf returns the connector of a driver that is known by its name.
func connectorOf(name, dsn string) (driver.Connector, error) {
	pool, err := sql.Open(name, dsn)
	if err != nil {
		return nil, err
	}
	registered := pool.Driver()
	if err := pool.Close(); err != nil {
		return nil, err
	}
	if modern, ok := registered.(driver.DriverContext); ok {
		return modern.OpenConnector(dsn)
	}
	return plainConnector{registered, dsn}, nil
}

// plainConnector is the connector of a driver that has none of its own.
type plainConnector struct {
	driver driver.Driver
	dsn    string
}

func (c plainConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

func (c plainConnector) Driver() driver.Driver { return c.driver }

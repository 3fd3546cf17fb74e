package sqldb

import (
	"context"
	"database/sql"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// Config says where a database is and how many connections to keep. The driver
// is no part of it: it is code, an argument of [Open].
type Config struct {
	// DSN is the driver's connection string. It may hold a password, so it is
	// never shown.
	DSN container.Secret[string] `envconfig:"DSN" json:"dsn" required:"true" desc:"connection string of the driver"`
	// MaxConns limits the number of open connections, idle ones included. Zero
	// means 10, and a negative number means no limit.
	MaxConns int `json:"max_conns" split_words:"true" default:"10" desc:"open connections at most; -1 for no bound"`
	// ConnMaxLifetime closes a connection that has been open for so long.
	// Zero means for ever.
	ConnMaxLifetime time.Duration `json:"conn_max_lifetime" split_words:"true" desc:"close a connection after this time; 0 for never"`
	// ConnMaxIdleTime closes a connection that has been idle for so long.
	// Zero means 5 minutes, a negative duration never.
	ConnMaxIdleTime time.Duration `json:"conn_max_idle_time" split_words:"true" default:"5m" desc:"close a connection idle for this time; -1s for never"`
}

// Open returns a constructor for databases of a database/sql driver, which the
// program imports under that name:
//
//	import _ "github.com/jackc/pgx/v5/stdlib"
//
//	fx.Provide(sqldb.Open("pgx"))
//
// The start fails if the driver is not imported, if it cannot read the connection
// string, or if the database does not answer. No error of a connection shows the
// connection string or the password in it, even if the error of the driver does.
func Open(driver string) func(fx.Lifecycle, Config) *DB {
	return func(lc fx.Lifecycle, cfg Config) *DB {
		masker := container.NewMasker(cfg.DSN.Reveal())
		db := &DB{}
		lc.Append(fx.StartStopHook(
			func(ctx context.Context) error {
				err := db.start(ctx, func(context.Context) (*sql.DB, error) { return open(driver, cfg, masker) })
				return masked(err, masker)
			},
			db.stop,
		))
		return db
	}
}

func open(driver string, cfg Config, masker *container.Masker) (*sql.DB, error) {
	connector, err := connectorOf(driver, cfg.DSN.Reveal())
	if err != nil {
		return nil, err
	}
	pool := OpenMasked(connector, masker)
	LimitPool(pool, cfg.MaxConns, cfg.ConnMaxLifetime, cfg.ConnMaxIdleTime)
	return pool, nil
}

package postgres_test

import (
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/postgres"
)

// A database as a resource, with what each run says about it and what the
// environment does: WAREHOUSE_DSN or WAREHOUSE_HOST and its like.
func Example() {
	c, err := container.New(
		container.Provide("warehouse", postgres.New,
			container.Config(postgres.Config{StatementTimeout: 60e9}, container.FromEnv("WAREHOUSE")),
			container.PerProcess(),
			container.Health(sqldb.Ping),
		),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	for _, field := range c.Resources()[0].Config {
		if field.Secret {
			fmt.Println(field.Path, "comes from", field.Variable, "and is never shown")
		}
	}
	// Output:
	// dsn comes from WAREHOUSE_DSN and is never shown
	// password comes from WAREHOUSE_PASSWORD and is never shown
}

// The errors of a config come all at once, without the password.
func ExampleConfig_Validate() {
	err := postgres.Config{
		DSN:  container.NewSecret("postgres://etl:hunter2@db.example/sales?sslmode=sometimes"),
		Port: 543210,
	}.Validate()
	fmt.Println(err)
	// Output:
	// port: 543210 is not between 0 and 65535
	// dsn: host, port, database and user are given by it, or by their own fields, not by both
	// dsn: it can't be read as postgres://user:password@host:port/database?sslmode=... or host=... user=... pairs: failed to configure TLS (sslmode is invalid)
}

// A password kept apart from the rest of the connection string.
func ExampleNew() {
	app := fx.New(
		fx.NopLogger,
		fx.Supply(postgres.Config{
			DSN:      container.NewSecret("postgres://etl@db.example/sales?sslmode=verify-full"),
			Password: container.NewSecret("hunter2"),
		}),
		fx.Provide(postgres.New),
	)
	fmt.Println(app.Err()) // nothing is connected before the start
	// Output: <nil>
}

package main

import (
	"context"
	"errors"
	"net"
	"net/http"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

// Application is the whole program but for the address and the database's
// config.
func Application() fx.Option {
	return fx.Options(
		// What lives as long as the process is the host's own, as ever.
		fx.Provide(sqlite.New, NewServer),
		fx.Invoke(CreateTables, func(*Server) {}),

		// What lives as long as a request.
		fxrun.Module,
		container.Provide("tenant", NewTenant, container.Config(TenantConfig{}, container.AtLaunch("Name"))),
		container.Provide("transaction", NewTransaction),
		container.Provide("ledger", NewLedger),
	)
}

// CreateTables creates the tables when the application starts.
func CreateTables(lc fx.Lifecycle, db *sqldb.DB) {
	lc.Append(fx.StartHook(func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS deposits (tenant TEXT NOT NULL, amount INTEGER NOT NULL)`)
		return err
	}))
}

// Address is where the server listens, as in ":8080".
type Address string

// Server serves the ledger over HTTP.
type Server struct {
	listener net.Listener
}

// NewServer returns a server that lc starts and stops.
func NewServer(lc fx.Lifecycle, address Address, requests *container.Container, _ *sqldb.DB) *Server {
	s := &Server{}
	server := &http.Server{Handler: Handler(requests)}
	served := make(chan error, 1)
	lc.Append(fx.Hook{
		OnStart: func(ctx context.Context) (err error) {
			s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", string(address))
			if err != nil {
				return err
			}
			go func() { served <- server.Serve(s.listener) }()
			return nil
		},
		OnStop: func(ctx context.Context) error {
			err := server.Shutdown(ctx)
			if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
				err = errors.Join(err, serveErr)
			}
			return err
		},
	})
	return s
}

// URL returns where the server is, once it has started.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

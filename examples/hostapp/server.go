package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/runs"
)

// Address is where the server listens, as in ":8080".
type Address string

// Server serves the launcher over HTTP.
type Server struct{ listener net.Listener }

// NewServer returns a server that lc starts and stops. The server needs the
// launcher, so it stops first. No request finds a closed launcher.
func NewServer(lc fx.Lifecycle, address Address, launcher *runs.Launcher, log *slog.Logger) *Server {
	s := &Server{}
	server := &http.Server{Handler: Handler(launcher)}
	served := make(chan error, 1)
	lc.Append(fx.StartStopHook(
		func(ctx context.Context) (err error) {
			s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", string(address))
			if err != nil {
				return err
			}
			log.Info("listening", "url", s.URL())
			go func() { served <- server.Serve(s.listener) }()
			return nil
		},
		func(ctx context.Context) error {
			err := server.Shutdown(ctx)
			if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
				err = errors.Join(err, serveErr)
			}
			return err
		},
	))
	return s
}

// URL returns where the server is, once it has started.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

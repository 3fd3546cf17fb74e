package carrierapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Start serves handler on a free port of this machine, over plain HTTP, and
// returns its base URL, such as "http://127.0.0.1:40123".
//
// stop lets the requests under way finish, or breaks them off when its context
// ends, and returns once nothing is left running. It must be called; further
// calls do nothing and return the first one's error.
func Start(handler http.Handler) (baseURL string, stop func(context.Context) error, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("starting the carrier's API: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	var once sync.Once
	var stopped error
	stop = func(ctx context.Context) error {
		once.Do(func() { stopped = shutDown(ctx, server, served) })
		return stopped
	}
	return "http://" + listener.Addr().String(), stop, nil
}

func shutDown(ctx context.Context, server *http.Server, served <-chan error) error {
	err := server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	if err != nil {
		return fmt.Errorf("stopping the carrier's API: %w", err)
	}
	return nil
}

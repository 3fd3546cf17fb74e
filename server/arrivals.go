package server

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// arrivals are the connections whose first request has not reached the handler yet. Shutdown
// of net/http ends such a connection without an answer if it reads the request later, so
// whoever stops a server waits for them first.
type arrivals struct {
	mu      sync.Mutex
	waiting map[net.Conn]bool
	changed chan struct{} // closed when one of them leaves
}

// arrivalTime is how long clients have to send their first requests when a server ends. A
// browser may have connected without any.
const arrivalTime = 500 * time.Millisecond

type connectionKey struct{}

// follow has the server tell of its connections.
func (a *arrivals) follow(server *http.Server) {
	a.waiting, a.changed = make(map[net.Conn]bool), make(chan struct{})
	server.ConnContext = func(ctx context.Context, connection net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, connection)
	}
	server.ConnState = func(connection net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			a.mu.Lock()
			a.waiting[connection] = true
			a.mu.Unlock()
		case http.StateClosed, http.StateHijacked:
			a.leave(connection)
		case http.StateActive, http.StateIdle:
		}
	}
	handler := server.Handler
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if connection, ok := r.Context().Value(connectionKey{}).(net.Conn); ok {
			a.leave(connection)
		}
		handler.ServeHTTP(w, r)
	})
}

func (a *arrivals) leave(connection net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting[connection] {
		delete(a.waiting, connection)
		close(a.changed)
		a.changed = make(chan struct{})
	}
}

// wait waits until all have left, for longest at most.
func (a *arrivals) wait(longest time.Duration) {
	limit := time.NewTimer(longest)
	defer limit.Stop()
	for {
		a.mu.Lock()
		left, changed := len(a.waiting), a.changed
		a.mu.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			return
		}
	}
}

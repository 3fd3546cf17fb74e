package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

// commitProxy passes on what a client and a server say until the client says COMMIT.
type commitProxy struct {
	deliver atomic.Bool // whether the server gets the COMMIT after which the connection ends
	armed   atomic.Bool // whether the next COMMIT ends the connection
	refuse  atomic.Bool // whether new connections are refused
}

func (p *commitProxy) serve(client, server net.Conn) {
	if p.refuse.Load() {
		return
	}
	var back sync.WaitGroup
	var cut atomic.Bool
	back.Go(func() {
		defer client.Close()
		buffer := make([]byte, 1<<16)
		for {
			n, err := server.Read(buffer)
			if err != nil || cut.Load() {
				return
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	})
	defer back.Wait()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			_ = server.Close()
			return
		}
		if strings.Contains(string(buffer[:n]), "COMMIT") && p.armed.CompareAndSwap(true, false) {
			cut.Store(true)
			if p.deliver.Load() {
				_, _ = server.Write(buffer[:n])
				_, _ = io.CopyN(io.Discard, server, 0)
			}
			_ = client.Close()
			back.Wait() // until the server has answered
			_ = server.Close()
			return
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func TestAConnectionThatIsLostAtCommit(t *testing.T) {
	t.Parallel()
	for _, delivered := range []bool{true, false} {
		t.Run(fmt.Sprintf("with the COMMIT delivered: %v", delivered), func(t *testing.T) {
			t.Parallel()
			var p commitProxy
			address := postgrestest.StartProxy(t, server.Database(t), p.serve)
			store := openWithin(t, address, 10*time.Second, time.Second)
			if _, err := store.Append(t.Context(), queued("r1")); err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				p.deliver.Store(delivered)
				p.armed.Store(true)
				stored, err := store.Append(t.Context(), logged("r1", fmt.Sprint(i)), logged("r1", "and "+fmt.Sprint(i)))
				if err != nil || stored[1].Seq != int64(3+2*i) {
					t.Fatalf("the events are %v, %v", stored, err)
				}
				if p.armed.Load() {
					t.Fatal("the connection was not cut")
				}
			}
			historytest.CheckRun(t, store, "r1", 7)
			if log, err := store.Events(t.Context(), history.EventQuery{RunID: "r1"}); len(log) != 7 || err != nil {
				t.Errorf("there are %d events, want 7: %v", len(log), err)
			}
		})
	}
	t.Run("and can't be made again says that the outcome is unknown", func(t *testing.T) {
		t.Parallel()
		var p commitProxy
		address := postgrestest.StartProxy(t, server.Database(t), p.serve)
		store := openWithin(t, address, 2*time.Second, 10*time.Second)
		if _, err := store.Append(t.Context(), queued("r1")); err != nil {
			t.Fatal(err)
		}
		p.deliver.Store(true)
		p.refuse.Store(true)
		p.armed.Store(true)
		ended, cancel := context.WithCancel(t.Context())
		var calls []func() ([]history.Event, error) // by one transaction
		for _, of := range []struct {
			ctx   context.Context
			event history.Event
		}{
			{t.Context(), logged("r1", "x")},
			{t.Context(), logged("r1", "y")},
			{t.Context(), history.Event{RunID: "none", Time: time.Now(), Data: history.RunStarted{}}},
			{ended, logged("r1", "z")},
		} {
			calls = append(calls, store.Enqueue(of.ctx, of.event))
		}
		cancel()
		for i, want := range []error{sqlhistory.ErrOutcomeUnknown, sqlhistory.ErrOutcomeUnknown, history.ErrTransition, context.Canceled} {
			if _, err := calls[i](); !errors.Is(err, want) || errors.Is(err, sqlhistory.ErrOutcomeUnknown) != (i < 2) {
				t.Errorf("the error of call %d is %v, want %v", i, err, want)
			}
		}
		p.refuse.Store(false)
		stored, err := store.Append(t.Context(), logged("r1", "z"))
		if err != nil || stored[0].Seq != 4 {
			t.Errorf("the next event is %v, %v", stored, err)
		}
	})
}

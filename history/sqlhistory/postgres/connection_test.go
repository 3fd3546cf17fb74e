package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

func TestAConnectionThatFailsAfterAnyMessageIsMadeAgain(t *testing.T) {
	t.Parallel()
	appends := func(ctx context.Context, store *sqlhistory.Store, n int) error {
		id := fmt.Sprintf("r%d", n)
		if _, err := store.Append(ctx, queued(id), logged(id, "a line")); err != nil {
			return err
		}
		log, err := store.Events(ctx, history.EventQuery{RunID: id})
		if err == nil && len(log) != 2 {
			err = fmt.Errorf("%d events are stored, want 2", len(log))
		}
		return err
	}
	reads := func(ctx context.Context, store *sqlhistory.Store, _ int) error {
		_, err := store.Runs(ctx, history.RunQuery{})
		return err
	}
	for name, c := range map[string]struct {
		do       func(context.Context, *sqlhistory.Store, int) error
		messages func(n int) []int
	}{
		"while a call is written":     {appends, func(n int) []int { return []int{n} }},
		"as the next one for a call":  {appends, func(n int) []int { return []int{0, n} }},
		"while a query is answered":   {reads, func(n int) []int { return []int{n} }},
		"as the next one for a query": {reads, func(n int) []int { return []int{0, n} }},
	} {
		for _, closes := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, closed: %v", name, closes), func(t *testing.T) {
				t.Parallel()
				const parts = 16 // which wait at the same time
				address := server.Database(t)
				var group sync.WaitGroup
				for part := range parts {
					p := postgrestest.FailingProxy{Closes: closes}
					address := postgrestest.StartProxy(t, address+fmt.Sprintf("&connect_timeout=2&search_path=part_%d", part), p.Serve)
					store := openWithin(t, address, time.Minute, 500*time.Millisecond)
					group.Go(func() {
						for n, failed := part, 2; failed >= len(c.messages(n)); n += parts { // until so many messages are not needed
							p.FailAfter(c.messages(n)...)
							if err := c.do(t.Context(), store, n); err != nil {
								t.Errorf("after %d messages: %v", n, err)
							}
							failed = p.FailAfter()
						}
					})
				}
				group.Wait()
			})
		}
	}
}

// unanswered is a server that answers only what begins a transaction, with five messages.
var unanswered = append([]int{5}, make([]int, 10_000)...)

func TestACallThatAServerDoesNotAnswer(t *testing.T) {
	t.Parallel()
	t.Run("ends with its context, though it was begun", func(t *testing.T) {
		t.Parallel()
		var p postgrestest.FailingProxy
		store := openWithin(t, postgrestest.StartProxy(t, server.Database(t)+"&connect_timeout=1", p.Serve), time.Minute, 200*time.Millisecond)
		p.FailAfter(unanswered...)
		patient := store.Enqueue(t.Context(), queued("patient"))
		ctx, cancel := context.WithCancel(t.Context())
		impatient := store.Enqueue(ctx, queued("impatient")) // in the same transaction
		outcome := make(chan error, 1)
		go func() {
			_, err := patient()
			outcome <- err
		}()
		for p.Failed() == 0 { // until both are written
			time.Sleep(time.Millisecond)
		}
		cancel()
		began := time.Now()
		if _, err := impatient(); !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v, want that of the context", err)
		}
		if waited := time.Since(began); waited > 20*time.Second {
			t.Errorf("it took %s", waited)
		}
		p.FailAfter()
		if err := <-outcome; err != nil {
			t.Error(err)
		}
		historytest.CheckRun(t, store, "patient", 1)
		if _, err := history.Find(t.Context(), store, "impatient"); !errors.Is(err, history.ErrNotFound) {
			t.Errorf("the run is there: %v", err)
		}
	})
	t.Run("waits no longer than others that were made at the same time", func(t *testing.T) {
		t.Parallel()
		const calls, patience = 100, 3 * time.Second
		var p postgrestest.FailingProxy
		store := openWithin(t, postgrestest.StartProxy(t, server.Database(t)+"&connect_timeout=1", p.Serve), patience, 500*time.Millisecond)
		p.FailAfter(unanswered...)
		began := time.Now()
		var group sync.WaitGroup
		for i := range calls {
			group.Go(func() {
				if _, err := store.Append(t.Context(), queued(fmt.Sprintf("r%d", i))); err == nil || !strings.Contains(err.Error(), "s for the server: ") {
					t.Errorf("the error of call %d is %v", i, err)
				}
			})
		}
		group.Wait()
		if waited := time.Since(began); waited > 10*patience {
			t.Errorf("they took %s", waited)
		}
		p.FailAfter()
		if _, err := store.Append(t.Context(), queued("next")); err != nil {
			t.Error(err)
		}
	})
}

// poisoned passes on what a client and a server say, until the client says "poison".
func poisoned(client, server net.Conn) {
	var back sync.WaitGroup
	back.Go(func() { _, _ = io.Copy(client, server); _ = client.Close() })
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil || strings.Contains(string(buffer[:n]), "poison") {
			break
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			break
		}
	}
	_ = client.Close()
	_ = server.Close()
	back.Wait()
}

func TestACallThatEndsTheConnectionLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	store := openWithin(t, postgrestest.StartProxy(t, server.Database(t), poisoned), time.Second, time.Second)
	var calls []func() ([]history.Event, error)
	for _, id := range []string{"first", "poison", "last"} { // by one transaction
		calls = append(calls, store.Enqueue(t.Context(), queued(id)))
	}
	for i, stored := range calls {
		if _, err := stored(); (err != nil) != (i == 1) {
			t.Errorf("call %d got %v", i, err)
		}
	}
}

func TestACallWhoseContextHasEndedWhileTheServerWasAway(t *testing.T) {
	t.Parallel()
	var p commitProxy
	store := openWithin(t, postgrestest.StartProxy(t, server.Database(t), p.serve), time.Second, time.Second)
	if _, err := store.Append(t.Context(), queued("r1")); err != nil {
		t.Fatal(err)
	}
	p.refuse.Store(true)
	p.armed.Store(true)
	_, _ = store.Append(t.Context(), logged("r1", "loses the connection"))
	ctx, cancel := context.WithCancel(t.Context())
	first := store.Enqueue(t.Context(), queued("first"))
	second := store.Enqueue(ctx, queued("second"))
	cancel()
	if _, err := first(); err == nil {
		t.Error("the server is away, and the call got no error")
	}
	if _, err := second(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the error of the context", err)
	}
}

func TestAServerThatIsSilentWhileTablesAreMade(t *testing.T) {
	t.Parallel()
	address := server.Database(t)
	var group sync.WaitGroup
	for messages := 40; messages < 90; messages += 2 { // of two connections, and the beginning of the transaction
		var p postgrestest.FailingProxy
		url := postgrestest.StartProxy(t, address+fmt.Sprintf("&connect_timeout=1&search_path=after_%d", messages), p.Serve)
		p.FailAfter(messages)
		group.Go(func() {
			store, err := postgres.OpenWithin(t.Context(), url, 20*time.Second, 300*time.Millisecond)
			if err == nil {
				_ = store.Close()
			}
		})
	}
	group.Wait() // which would never end
}

func TestEntriesThatWereRemovedByALostCommitAreCounted(t *testing.T) {
	t.Parallel()
	var p commitProxy
	store := openWithin(t, postgrestest.StartProxy(t, server.Database(t), p.serve), 10*time.Second, time.Second)
	var entries []history.Entry
	for range 11 {
		entries = append(entries, history.Entry{Journal: "j", Time: time.Now().Add(-time.Hour), Kind: "k", State: []byte("1")})
	}
	if _, err := store.AppendEntries(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
	p.deliver.Store(true)
	p.armed.Store(true)
	if removed, err := store.PruneEntries(t.Context(), time.Now(), []string{"k"}); removed != 10 || err != nil {
		t.Errorf("removed %d, %v, want 10", removed, err)
	}
}

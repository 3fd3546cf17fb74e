package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

// faulty returns a server for the test alone, and a database in it whose commits are kept.
func faulty(t *testing.T) (*postgrestest.Server, string) {
	t.Helper()
	own := new(postgrestest.Server)
	t.Cleanup(own.Stop)
	// The database is not dropped: the server may be gone.
	return own, own.NewDatabase(t) + "&synchronous_commit=on"
}

func openWithin(t *testing.T, url string, patience, silence time.Duration) *sqlhistory.Store {
	t.Helper()
	store, err := postgres.OpenWithin(t.Context(), url, patience, silence)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// writers append lines to runs of their own until the returned function is called, which
// then checks that each run has exactly the acknowledged lines.
func writers(t *testing.T, store *sqlhistory.Store, count int) (finish func(), acknowledged *atomic.Int64) {
	t.Helper()
	acknowledged = new(atomic.Int64)
	stop := make(chan struct{})
	lines := make([]int, count)
	var group sync.WaitGroup
	for i := range count {
		id := fmt.Sprintf("r%d", i)
		if _, err := store.Append(t.Context(), queued(id)); err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := store.Append(context.Background(), logged(id, fmt.Sprint(lines[i]))); err != nil {
					t.Errorf("line %d of run %s: %v", lines[i], id, err)
					return
				}
				lines[i]++
				acknowledged.Add(1)
			}
		})
	}
	return func() {
		t.Helper()
		close(stop)
		group.Wait()
		for i, want := range lines {
			id := fmt.Sprintf("r%d", i)
			historytest.CheckRun(t, store, id, int64(want+1))
			log, err := store.Events(t.Context(), history.EventQuery{RunID: id})
			if err != nil || len(log) != want+1 {
				t.Fatalf("run %s has %d events, want %d: %v", id, len(log), want+1, err)
			}
			for n, event := range log[1:] {
				if got := event.Data.(history.LogWritten).Message; got != fmt.Sprint(n) {
					t.Fatalf("line %d of run %s is %s: lines are lost or stored twice", n, id, got)
				}
			}
		}
	}, acknowledged
}

// reach waits until more calls were acknowledged.
func reach(acknowledged *atomic.Int64, more int64) {
	for until := acknowledged.Load() + more; acknowledged.Load() < until; {
		time.Sleep(time.Millisecond)
	}
}

func TestAServerThatIsKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	own, url := faulty(t)
	store := openWithin(t, url, 30*time.Second, 10*time.Second)
	finish, acknowledged := writers(t, store, 6)
	for range 3 {
		reach(acknowledged, 50)
		own.Kill(t)
		reading := make(chan error, 1)
		go func() {
			_, err := store.Runs(context.Background(), history.RunQuery{})
			reading <- err
		}()
		own.Start(t)
		if err := <-reading; err != nil {
			t.Errorf("reading while the server is away: %v", err)
		}
	}
	reach(acknowledged, 50)
	finish()
}

func TestAHistoryWhoseServerWasKilledIsClosed(t *testing.T) {
	t.Parallel()
	own, url := faulty(t)
	store := openWithin(t, url, 30*time.Second, 10*time.Second)
	if _, err := store.Append(t.Context(), queued("r1")); err != nil {
		t.Fatal(err)
	}
	own.Kill(t)
	if err := store.Close(); err != nil {
		t.Errorf("nothing was lost, and the error is %v", err)
	}
	own.Start(t)
}

func TestAServerThatIsFrozen(t *testing.T) {
	t.Parallel()
	own, url := faulty(t)
	store := openWithin(t, url+"&connect_timeout=1", 20*time.Second, 200*time.Millisecond)
	finish, acknowledged := writers(t, store, 3)
	reach(acknowledged, 20)
	own.Freeze(t)
	impatient, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := store.Append(impatient, queued("impatient")); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v, want that of the context", err)
	}
	own.Thaw(t)
	reach(acknowledged, 20)
	finish()
}

func TestAServerThatStaysAway(t *testing.T) {
	t.Parallel()
	own, url := faulty(t)
	store := openWithin(t, url, 300*time.Millisecond, 100*time.Millisecond)
	if _, err := store.Append(t.Context(), queued("r1")); err != nil {
		t.Fatal(err)
	}
	own.Kill(t)
	began := time.Now()
	_, appending := store.Append(t.Context(), queued("r2"))
	_, reading := store.Runs(t.Context(), history.RunQuery{})
	for _, err := range []error{appending, reading} {
		if err == nil || !strings.Contains(err.Error(), "for the server: ") || strings.Contains(err.Error(), postgrestest.Password) {
			t.Errorf("the error is %v", err)
		}
	}
	if waited := time.Since(began); waited > 20*time.Second {
		t.Errorf("the calls waited for %s", waited)
	}
	own.Start(t)
	if _, err := store.Append(t.Context(), queued("r3")); err != nil {
		t.Errorf("after the start of the server: %v", err)
	}
}

// proxy passes on what a client and a server say until the client says COMMIT.
type proxy struct {
	listener net.Listener
	server   string
	deliver  atomic.Bool // whether the server gets the COMMIT after which the connection ends
	armed    atomic.Bool // whether the next COMMIT ends the connection
	refuse   atomic.Bool // whether new connections are refused
}

func newProxy(t *testing.T, address string) (*proxy, string) {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := parsed.Query()
	p := &proxy{server: filepath.Join(query.Get("host"), ".s.PGSQL.5432")}
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			client, err := p.listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() { p.serve(client) })
		}
	})
	t.Cleanup(func() { _ = p.listener.Close(); group.Wait() })
	query.Del("host")
	query.Set("sslmode", "disable")
	parsed.Host, parsed.RawQuery = p.listener.Addr().String(), query.Encode()
	return p, parsed.String()
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	if p.refuse.Load() {
		return
	}
	server, err := net.Dial("unix", p.server)
	if err != nil {
		return
	}
	defer server.Close()
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
			p, address := newProxy(t, server.Database(t))
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
		p, address := newProxy(t, server.Database(t))
		store := openWithin(t, address, 200*time.Millisecond, time.Second)
		if _, err := store.Append(t.Context(), queued("r1")); err != nil {
			t.Fatal(err)
		}
		p.deliver.Store(true)
		p.refuse.Store(true)
		p.armed.Store(true)
		if _, err := store.Append(t.Context(), logged("r1", "x")); !errors.Is(err, sqlhistory.ErrOutcomeUnknown) {
			t.Errorf("the error is %v, want ErrOutcomeUnknown", err)
		}
		p.refuse.Store(false)
		stored, err := store.Append(t.Context(), logged("r1", "y"))
		if err != nil || stored[0].Seq != 3 {
			t.Errorf("the next event is %v, %v", stored, err)
		}
	})
}

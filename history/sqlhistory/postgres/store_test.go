package postgres_test

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

var server postgrestest.Server

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, postgrestest.Closing(), goleak.Cleanup(func(code int) {
		server.Stop()
		os.Exit(code)
	}))
}

func open(t testing.TB, url string) *sqlhistory.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func queued(run string) history.Event {
	return history.Event{RunID: run, Time: time.Now(), Data: history.RunQueued{}}
}

func logged(run, message string) history.Event {
	return history.Event{RunID: run, Time: time.Now(), Data: history.LogWritten{Message: message}}
}

func TestStore(t *testing.T) {
	t.Parallel()
	historytest.Run(t, func(t *testing.T) historytest.Subject {
		url := server.Database(t)
		store := open(t, url)
		return historytest.Subject{
			Store: store,
			Reopen: func() history.Store {
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
				return open(t, url)
			},
			Another: func() history.Store { return open(t, url) },
		}
	})
}

func TestALazyHistory(t *testing.T) {
	t.Parallel()
	historytest.Run(t, func(t *testing.T) historytest.Subject {
		url := server.Database(t)
		lazy := func() *sqlhistory.Lazy {
			made, err := postgres.New(url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := made.Close(); err != nil {
					t.Error(err)
				}
			})
			return made
		}
		store := lazy()
		return historytest.Subject{
			Store: store,
			Reopen: func() history.Store {
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
				return lazy()
			},
			Another: func() history.Store { return lazy() },
		}
	})
}

func BenchmarkStore(b *testing.B) {
	historytest.Benchmark(b, func(b *testing.B) history.Store { return open(b, server.Database(b)) })
}

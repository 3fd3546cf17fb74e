package sqlhistory_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, folder string) *sqlhistory.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), folder)
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

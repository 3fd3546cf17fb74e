package postgres_test

import (
	"errors"
	"testing"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/locks/postgreslocks"
)

func TestAHistoryBehindPgBouncer(t *testing.T) {
	t.Parallel()
	t.Run("is kept with pool_mode=session", func(t *testing.T) {
		t.Parallel()
		store, err := postgres.Open(t.Context(), server.PgBouncer(t, "session"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Append(t.Context(), queued("r1")); err != nil {
			t.Error(err)
		}
		if _, err := history.Find(t.Context(), store, "r1"); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("is refused with pool_mode=transaction", func(t *testing.T) {
		t.Parallel()
		if store, err := postgres.Open(t.Context(), server.PgBouncer(t, "transaction")); !errors.Is(err, postgreslocks.ErrSharedSession) {
			t.Errorf("got %v, %v", store, err)
		}
	})
}

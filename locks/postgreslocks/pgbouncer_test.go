package postgreslocks_test

import (
	"errors"
	"testing"

	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/postgreslocks"
)

func TestPgBouncer(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"transaction", "statement"} {
		t.Run("with pool_mode="+mode+" is refused", func(t *testing.T) {
			t.Parallel()
			if _, err := open(t, server.PgBouncer(t, mode)).TryLock(t.Context(), "a"); !errors.Is(err, postgreslocks.ErrSharedSession) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("with pool_mode=session gives locks", func(t *testing.T) {
		t.Parallel()
		address := server.PgBouncer(t, "session")
		held, err := open(t, address).TryLock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		other := open(t, address)
		if _, err := other.TryLock(t.Context(), "a"); !errors.Is(err, locks.ErrHeld) {
			t.Errorf("a second holder got %v", err)
		}
		if err := held.Unlock(); err != nil {
			t.Fatal(err)
		}
		if lock, err := other.TryLock(t.Context(), "a"); err != nil {
			t.Error(err)
		} else if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
	})
}

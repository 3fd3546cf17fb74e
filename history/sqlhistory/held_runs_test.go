package sqlhistory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
)

func TestRunsThatHaveNotFinished(t *testing.T) {
	t.Parallel()
	t.Run("are not read again if a thousand of them are queued at once", func(t *testing.T) {
		t.Parallel()
		store := open(t, t.TempDir())
		var events []history.Event
		for i := range 1000 {
			events = append(events, queued(fmt.Sprint("r", i)))
		}
		if _, err := store.Append(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
		if runs, _ := store.Held(); runs != 1000 {
			t.Errorf("%d of 1000 runs are kept", runs)
		}
	})
	t.Run("are forgotten when they have finished", func(t *testing.T) {
		t.Parallel()
		store := open(t, t.TempDir())
		finished := history.Event{RunID: "r1", Time: time.Now(), Data: history.RunFinished{Status: history.StatusFailed}}
		if _, err := store.Append(t.Context(), queued("r1"), queued("r2"), finished); err != nil {
			t.Fatal(err)
		}
		if runs, size := store.Held(); runs != 1 || size != 1 {
			t.Errorf("%d runs of size %d are kept", runs, size)
		}
	})
	t.Run("are bounded by the number of their steps, and can go on all the same", func(t *testing.T) {
		t.Parallel()
		const count = 25
		store := open(t, t.TempDir())
		steps := make([]string, 1000)
		for i := range steps {
			steps[i] = fmt.Sprint("s", i)
		}
		for i := range count {
			event := queued(fmt.Sprint("r", i))
			event.Data = history.RunQueued{Steps: steps}
			if _, err := store.Append(t.Context(), event); err != nil {
				t.Fatal(err)
			}
		}
		if runs, size := store.Held(); size > sqlhistory.MaxHeld || runs < 15 {
			t.Errorf("%d runs of size %d are kept", runs, size)
		}
		for i := range count {
			starting := history.Event{RunID: fmt.Sprint("r", i), Seq: 2, Time: time.Now(), Data: history.RunStarting{Owner: "o"}}
			if _, err := store.Append(t.Context(), starting); err != nil {
				t.Error(err)
			}
		}
	})
}

package inspect_test

import (
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"

	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

func TestFindRun(t *testing.T) {
	t.Parallel()
	store := history.NewMemoryStore()
	subject := inspect.New(nil, nil, store)
	for _, id := range []string{"abc1", "abc2", "xyz"} {
		if _, err := store.Append(t.Context(), history.Event{RunID: id, Time: time.Now(), Data: history.RunQueued{}}); err != nil {
			t.Fatal(err)
		}
	}
	for name, id := range map[string]string{
		"by its ID": "xyz", "by the beginning of its ID": "x", "without an ID it is the last one": "",
	} {
		t.Run(name, func(t *testing.T) {
			record, err := subject.FindRun(t.Context(), id)
			if err != nil || record.ID != "xyz" {
				t.Errorf("got run %q, %v", record.ID, err)
			}
		})
	}
	t.Run("a beginning of several is refused, with their IDs", func(t *testing.T) {
		_, err := subject.FindRun(t.Context(), "abc")
		mustBeInvalid(t, err, `2 runs begin with "abc": abc2, abc1`)
	})
	t.Run("an unknown ID is refused, with the nearest", func(t *testing.T) {
		_, err := subject.FindRun(t.Context(), "xyy")
		mustBeInvalid(t, err, `there is no run "xyy"`)
	})
}

func TestRun(t *testing.T) {
	t.Parallel()
	subject := newShop(t)
	id := subject.run(t, runs.Request{Selection: "split"})
	run, err := subject.Run(t.Context(), id[:6])
	if err != nil {
		t.Fatal(err)
	}
	if run.Record.ID != id || run.Record.Seq != int64(len(run.Events)) {
		t.Errorf("got the record %+v and %d events", run.Record, len(run.Events))
	}
	list, err := subject.Runs(t.Context(), history.RunQuery{Job: "none"})
	if err != nil || list == nil || len(list) > 0 {
		t.Errorf("got %#v, %v, want an empty list", list, err)
	}
}

package inspect_test

import (
	"context"
	"fmt"
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
	t.Run("a beginning of many is refused, with some of their IDs", func(t *testing.T) {
		for i := range 7 {
			event := history.Event{RunID: fmt.Sprintf("many%d", i), Time: time.Now(), Data: history.RunQueued{}}
			if _, err := store.Append(t.Context(), event); err != nil {
				t.Fatal(err)
			}
		}
		_, err := subject.FindRun(t.Context(), "many")
		mustBeInvalid(t, err, `more than 5 runs begin with "many", the newest of them are many6, many5, many4, many3, many2`)
	})
	t.Run("a beginning is found without reading all runs", func(t *testing.T) {
		watched := &watchedRuns{Store: store}
		if _, err := inspect.New(nil, nil, watched).FindRun(t.Context(), "abc1"); err != nil {
			t.Error(err)
		}
		if _, err := inspect.New(nil, nil, watched).FindRun(t.Context(), "xy"); err != nil {
			t.Error(err)
		}
		if watched.most > 1 {
			t.Errorf("%d runs were read at once", watched.most)
		}
	})
	t.Run("an unknown ID is refused, with the nearest", func(t *testing.T) {
		_, err := subject.FindRun(t.Context(), "xyy")
		mustBeInvalid(t, err, `there is no run "xyy"`)
	})
}

// watchedRuns counts the runs that are read at once.
type watchedRuns struct {
	history.Store
	most int
}

func (w *watchedRuns) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	found, err := w.Store.Runs(ctx, query)
	w.most = max(w.most, len(found))
	return found, err
}

func TestRun(t *testing.T) {
	t.Parallel()
	subject := newShop(t)
	id := subject.run(t, runs.Request{Selection: "split"})
	record, err := subject.FindRun(t.Context(), id[:6])
	if err != nil || record.ID != id {
		t.Fatalf("got the record %+v, %v", record, err)
	}
	last := int64(0)
	for event, err := range subject.Events(t.Context(), id) {
		if err != nil || event.Seq != last+1 {
			t.Fatalf("after event %d comes event %d, %v", last, event.Seq, err)
		}
		last = event.Seq
	}
	if last != record.Seq {
		t.Errorf("the events end with %d, want %d", last, record.Seq)
	}
	list, err := subject.Runs(t.Context(), history.RunQuery{Job: "none"})
	if err != nil || list == nil || len(list) > 0 {
		t.Errorf("got %#v, %v, want an empty list", list, err)
	}
}

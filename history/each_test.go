package history_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
)

// counting counts the events that it gives at once.
type counting struct {
	history.Store
	most  int
	calls int
	fail  error // from the second call on
}

func (c *counting) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	if c.calls++; c.calls > 1 && c.fail != nil {
		return nil, c.fail
	}
	events, err := c.Store.Events(ctx, query)
	c.most = max(c.most, len(events))
	return events, err
}

func longLogs(t *testing.T, n int) *counting {
	t.Helper()
	store := history.NewMemoryStore()
	events := make([]history.Event, 0, 2*n)
	for _, run := range []string{"a", "b"} {
		events = append(events, history.Event{RunID: run, Time: time.Now(), Data: history.RunQueued{}})
		for i := 1; i < n; i++ {
			events = append(events, history.Event{RunID: run, Time: time.Now(), Data: history.LogWritten{Message: fmt.Sprint(i)}})
		}
	}
	if _, err := store.Append(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	return &counting{Store: store}
}

func TestEachEvent(t *testing.T) {
	t.Parallel()
	logs := []history.EventType{history.TypeLogWritten}
	for name, query := range map[string]history.EventQuery{
		"all of a run":                   {RunID: "a"},
		"the rest of a run":              {RunID: "a", AfterSeq: 1700},
		"those of a type":                {RunID: "b", Types: logs},
		"of all runs":                    {},
		"of all runs, before one":        {Before: history.Place{RunID: "b", Seq: 1500}},
		"so many of a run":               {RunID: "a", Limit: 1500},
		"a page of a run":                {RunID: "a", Limit: 1000},
		"one":                            {RunID: "a", Limit: 1},
		"more than there are":            {RunID: "a", Limit: 9999},
		"of all runs, so many of a type": {Types: logs, Limit: 2100},
		"none":                           {RunID: "a", AfterSeq: 9999},
	} {
		t.Run(name+" come as from the store", func(t *testing.T) {
			t.Parallel()
			store := longLogs(t, 2500)
			want, err := store.Store.Events(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				var got []history.Event
				for event, err := range history.EachEvent(t.Context(), store, query) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, event)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-Events +EachEvent):\n%s", diff)
				}
			}
			if store.most > 1000 {
				t.Errorf("%d events are held at once", store.most)
			}
		})
	}
	t.Run("the first event needs one page", func(t *testing.T) {
		t.Parallel()
		store := longLogs(t, 2500)
		for range history.EachEvent(t.Context(), store, history.EventQuery{RunID: "a"}) {
			break
		}
		if store.calls != 1 {
			t.Errorf("the store was asked %d times", store.calls)
		}
	})
	t.Run("an error ends the events", func(t *testing.T) {
		t.Parallel()
		store := longLogs(t, 2500)
		store.fail = errors.New("no answer")
		count, failed := 0, error(nil)
		for _, err := range history.EachEvent(t.Context(), store, history.EventQuery{RunID: "a"}) {
			if err != nil {
				failed = err
				continue
			}
			count++
		}
		if count != 1000 || !errors.Is(failed, store.fail) {
			t.Errorf("%d events come, and then %v", count, failed)
		}
	})
}

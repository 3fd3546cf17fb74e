package cli_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/history"
)

// pagedStore counts the events that are read at once, and how often.
type pagedStore struct {
	history.Store
	most, calls int
}

func (p *pagedStore) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	events, err := p.Store.Events(ctx, query)
	p.most = max(p.most, len(events))
	p.calls++
	return events, err
}

// longRun is a program with a run that logged a lot.
func longRun(t *testing.T, lines int) (*pagedStore, []fx.Option) {
	t.Helper()
	store := history.NewMemoryStore()
	happened := func(data history.EventData) history.Event {
		return history.Event{RunID: "long", Time: epoch, Data: data}
	}
	events := []history.Event{
		happened(history.RunQueued{Steps: []string{"one"}}), happened(history.RunStarting{}), happened(history.RunStarted{}),
		happened(history.StepStarted{Step: "one", Attempt: 1}),
	}
	for range lines {
		events = append(events, happened(history.LogWritten{Step: "one", Message: "again"}))
	}
	events = append(events, happened(history.StepSucceeded{Step: "one", Duration: time.Second}), happened(history.RunFinished{Status: history.StatusSucceeded}))
	if _, err := store.Append(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	paged := &pagedStore{Store: store}
	return paged, []fx.Option{assets.New("one", func() int { return 1 }), fx.Provide(func() history.Store { return paged })}
}

func TestALongRunIsReadInPages(t *testing.T) {
	newHome(t)
	const lines = 4500
	for name, c := range map[string]struct {
		args []string
		want int // lines of output
	}{
		"logs":                     {[]string{"logs"}, lines},
		"logs of an ID's begin":    {[]string{"logs", "lo"}, lines},
		"logs --follow":            {[]string{"logs", "--follow"}, lines},
		"logs --events":            {[]string{"logs", "--events", "--json"}, lines + 6},
		"runs show":                {[]string{"runs", "show"}, lines},
		"runs show with all lines": {[]string{"runs", "show", "--verbose"}, lines},
		"runs show --json":         {[]string{"runs", "show", "--json"}, lines},
	} {
		t.Run(name, func(t *testing.T) {
			store, definitions := longRun(t, lines)
			out := succeed(t, definitions, c.args...)
			if got := bytes.Count([]byte(out), []byte("\n")); got < c.want {
				t.Errorf("there are %d lines, want at least %d", got, c.want)
			}
			if store.most > 1000 {
				t.Errorf("%d events are held at once", store.most)
			}
		})
	}
	t.Run("the JSON of a run is one document", func(t *testing.T) {
		_, definitions := longRun(t, lines)
		var document struct {
			Record history.Record
			Events []history.Event
		}
		decode(t, succeed(t, definitions, "runs", "show", "--json"), &document)
		if document.Record.ID != "long" || len(document.Events) != lines+6 {
			t.Errorf("got the record of %q and %d events", document.Record.ID, len(document.Events))
		}
	})
	t.Run("no more is read than the reader takes", func(t *testing.T) {
		store, definitions := longRun(t, lines)
		gone := writerFunc(func([]byte) (int, error) { return 0, errors.New("the reader has gone") })
		var told bytes.Buffer
		if code := cli.Run(t.Context(), []string{"logs"}, cli.Streams{Out: gone, Err: &told}, definitions...); code == 0 || store.calls > 1 {
			t.Errorf("exit code %d after %d reads", code, store.calls)
		}
	})
}

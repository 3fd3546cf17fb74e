package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/history"
)

// archive is a program with a history of its own: two runs whose IDs begin
// alike, one of which logged.
func archive(t *testing.T) []fx.Option {
	t.Helper()
	store := history.NewMemoryStore()
	data := []history.EventData{
		history.RunQueued{Job: "nightly", Steps: []string{"raw/orders", "revenue"}},
		history.RunStarting{},
		history.LogWritten{Level: slog.LevelInfo, Message: "connected", Resource: "warehouse", Attrs: history.Attrs{{Name: "user", Value: "etl"}, {Name: "port", Value: 5432}}},
		history.RunStarted{},
		history.StepStarted{Step: "raw/orders", Attempt: 1},
		history.LogWritten{Level: slog.LevelDebug, Message: "page 1", Step: "raw/orders"},
		history.LogWritten{Level: slog.LevelWarn, Message: "slow\nanswer", Step: "raw/orders", Attrs: history.Attrs{{Name: "took", Value: "9s"}}},
		history.StepFailed{Step: "raw/orders", Attempt: 1, Error: history.Failure{Message: "no route", Stack: "main.fetch()\n\tmain.go:7"}},
		history.StepSkipped{Step: "revenue"},
		history.LogWritten{Level: slog.LevelError, Message: "giving up"},
		history.RunFinished{Status: history.StatusFailed, Error: history.Failure{Message: "no route"}},
	}
	for _, id := range []string{"run-1", "run-2"} {
		for i, data := range data {
			event := history.Event{RunID: id, Time: epoch.Add(time.Duration(i) * time.Second), Data: data}
			if _, err := store.Append(t.Context(), event); err != nil {
				t.Fatal(err)
			}
		}
	}
	return []fx.Option{
		assets.New("one", func() int { return 1 }),
		fx.Provide(func() history.Store { return store }),
	}
}

func TestLogs(t *testing.T) {
	newHome(t)
	definitions := archive(t)
	for name, args := range map[string][]string{
		"logs":               {"logs", "run-1"},
		"logs-level":         {"logs", "run-1", "--level", "WARN"},
		"logs-step":          {"logs", "run-1", "--step", "raw/orders", "--level", "info"},
		"logs-step-events":   {"logs", "run-1", "--step", "raw/orders", "--events"},
		"logs-events":        {"logs", "run-1", "--events"},
		"logs-json":          {"logs", "run-1", "--json", "--level", "info"},
		"completion-logs":    {"__complete", "logs", ""},
		"completion-step":    {"__complete", "logs", "run-1", "--step", ""},
		"help-logs":          {"logs", "--help"},
		"completion-level":   {"__complete", "logs", "--level", ""},
		"logs-step-no-lines": {"logs", "run-1", "--step", "revenue"},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, definitions, args...)
			if got.code != 0 || got.err != "" && args[0] != "__complete" {
				t.Errorf("exit code %d, standard error %q", got.code, got.err)
			}
			golden(t, name, got.out)
		})
	}
	t.Run("without an ID it is the last run", func(t *testing.T) {
		want := strings.ReplaceAll(succeed(t, definitions, "logs", "run-1", "--json"), "run-1", "run-2")
		if diff := cmp.Diff(want, succeed(t, definitions, "logs", "--json")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("a run that has ended is not waited for", func(t *testing.T) {
		for _, args := range [][]string{{"logs", "run-1"}, {"logs", "run-1", "--events"}, {"logs", "run-1", "--json", "--level", "error"}} {
			want := succeed(t, definitions, args...)
			if diff := cmp.Diff(want, succeed(t, definitions, append(args, "--follow")...)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", args, diff)
			}
		}
	})
	t.Run("every line of JSON is an event of the run", func(t *testing.T) {
		var event history.Event
		for line := range strings.Lines(succeed(t, definitions, "logs", "run-1", "--json", "--events")) {
			last := event.Seq
			decode(t, line, &event)
			if event.RunID != "run-1" || event.Seq != last+1 {
				t.Errorf("event %d of run %s comes after event %d", event.Seq, event.RunID, last)
			}
		}
		if event.Type() != history.TypeRunFinished {
			t.Errorf("the last event is %s", event.Type())
		}
	})
}

func TestChoosingARunWrongly(t *testing.T) {
	newHome(t)
	definitions := archive(t)
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"an ID that is nobody's, of logs":      {[]string{"logs", "rnu-1"}, `there is no run "rnu-1", did you mean "run-1"?`},
		"an ID that is nobody's, of runs show": {[]string{"runs", "show", "rnu-1"}, `there is no run "rnu-1", did you mean "run-1"?`},
		"a beginning of two, of logs":          {[]string{"logs", "run"}, `2 runs begin with "run": run-2, run-1`},
		"a beginning of two, of runs show":     {[]string{"runs", "show", "run"}, `2 runs begin with "run": run-2, run-1`},
		"two IDs":                              {[]string{"logs", "run-1", "run-2"}, "takes at most one argument"},
		"a step that the run does not have":    {[]string{"logs", "run-1", "--step", "revenu"}, `run run-1 has no step "revenu", did you mean "revenue"?`},
		"a level that there is not":            {[]string{"logs", "run-1", "--level", "wran"}, `there is no level "wran", did you mean "warn"?`},
		"a level that is like none":            {[]string{"logs", "run-1", "--level", "loud"}, `there is no level "loud" among debug, info, warn, error`},
		"a step to follow":                     {[]string{"logs", "run-1", "--follow", "--step", "x"}, `has no step "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, definitions, test.args...)
			if got.code != 64 || !strings.Contains(got.err, test.want) {
				t.Errorf("exit code %d, standard error %q, want 64 and %q", got.code, got.err, test.want)
			}
		})
	}
	t.Run("no run at all", func(t *testing.T) {
		got := execute(t, new(shop).definitions(), "logs", "--json")
		var told struct {
			Message  string
			ExitCode int `json:"exit_code"`
		}
		decode(t, got.out, &told)
		if got.code != 64 || told.ExitCode != 64 || !strings.Contains(told.Message, "there are no runs yet") {
			t.Errorf("exit code %d, %s", got.code, got.out)
		}
	})
}

// following runs logs --follow in this process; do is called when the step has
// logged its line.
func following(t *testing.T, do func()) result {
	t.Helper()
	var out, err bytes.Buffer
	watched := writerFunc(func(text []byte) (int, error) {
		if bytes.Contains(text, []byte("waiting for the end")) {
			do()
		}
		return out.Write(text)
	})
	code := cli.Run(t.Context(), []string{"logs", "--follow", "--json"}, cli.Streams{Out: watched, Err: &err}, slow(&bytes.Buffer{})...)
	return result{code, out.String(), err.String()}
}

func TestFollowingTheRunOfAnotherProcess(t *testing.T) {
	t.Run("until it ends", func(t *testing.T) {
		newHome(t)
		p := start(t, "slow", "run")
		p.until(t, "step runs")
		got := following(t, func() { p.signal(t, os.Interrupt) })
		if got.code != 0 || got.err != "" || !strings.Contains(got.out, "told to go") {
			t.Errorf("exit code %d, standard error %q\n%s", got.code, got.err, got.out)
		}
		p.rest(t)
	})
	t.Run("until its process is killed", func(t *testing.T) {
		newHome(t)
		p := start(t, "slow", "run")
		p.until(t, "step runs")
		got := following(t, func() {
			p.signal(t, os.Kill)
			p.rest(t) // else its number stays taken
		})
		if got.code != 0 || got.err != "" {
			t.Errorf("exit code %d, standard error %q\n%s", got.code, got.err, got.out)
		}
		if shown := succeed(t, slow(&bytes.Buffer{}), "runs", "show"); !strings.Contains(shown, "is gone; the next run records this one as failed") ||
			!strings.Contains(shown, "running (lost)") {
			t.Errorf("the run is not shown as lost:\n%s", shown)
		}
		if shown := succeed(t, slow(&bytes.Buffer{}), "runs"); !strings.Contains(shown, "running (lost)") {
			t.Errorf("the run is not shown as lost:\n%s", shown)
		}
	})
}

func TestFollowingEndsWithTheContext(t *testing.T) {
	newHome(t)
	store := history.NewMemoryStore()
	queued := history.Event{RunID: "run-1", Time: epoch, Data: history.RunQueued{Steps: []string{"one"}}}
	log := history.Event{RunID: "run-1", Time: epoch, Data: history.LogWritten{Message: "here"}}
	if _, err := store.Append(t.Context(), queued, log); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var lines []json.RawMessage
	out := writerFunc(func(text []byte) (int, error) {
		lines = append(lines, text)
		cancel()
		return len(text), nil
	})
	definitions := []fx.Option{assets.New("one", func() int { return 1 }), fx.Provide(func() history.Store { return store })}
	var told bytes.Buffer
	if code := cli.Run(ctx, []string{"logs", "-f"}, cli.Streams{Out: out, Err: &told}, definitions...); code != 130 || len(lines) != 1 || told.Len() > 0 {
		t.Errorf("exit code %d after %d lines, want 130 after 1; standard error %q", code, len(lines), told.String())
	}
}

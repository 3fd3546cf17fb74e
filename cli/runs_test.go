package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
)

func TestRunsWhoseProcessMayBeGone(t *testing.T) {
	newHome(t)
	lockers := locks.NewMemory()
	place, err := lockers.Place(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockers.TryLock(t.Context(), "owner/host/1/here"); err != nil {
		t.Fatal(err)
	}
	store := history.NewMemoryStore()
	for id, owner := range map[string]string{
		"here":     "host/1/here@" + place,
		"gone":     "host/1/gone@" + place,
		"apart":    "host/1/gone@elsewhere",
		"old":      "host/1/0123456789abcdef/4711", // as earlier versions named it
		"nobody":   "",
		"finished": "host/1/gone@" + place,
	} {
		events := []history.EventData{history.RunQueued{Owner: owner}, history.RunStarting{Owner: owner}}
		if id == "finished" {
			events = append(events, history.RunFinished{Status: history.StatusCancelled})
		}
		for _, data := range events {
			if _, err := store.Append(t.Context(), history.Event{RunID: id, Time: epoch, Data: data}); err != nil {
				t.Fatal(err)
			}
		}
	}
	definitions := []fx.Option{assets.New("one", func() int { return 1 }), fx.Provide(func() history.Store { return store }, func() locks.Locker { return lockers })}
	want := map[string]string{"here": "", "gone": "(lost)", "apart": "(possibly lost)", "old": "(possibly lost)", "nobody": "", "finished": ""}
	liveness := map[string]any{"here": "running", "gone": "gone", "apart": "unknown", "old": "unknown", "nobody": nil, "finished": nil}

	t.Run("the listing says it", func(t *testing.T) {
		got := make(map[string]string)
		for line := range strings.Lines(succeed(t, definitions, "runs")) {
			id, rest, _ := strings.Cut(line, " ")
			if _, ok := want[id]; ok {
				_, word, _ := strings.Cut(rest, "(")
				word, _, found := strings.Cut(word, ")")
				got[id] = ""
				if found {
					got[id] = "(" + word + ")"
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("the listing in JSON says it", func(t *testing.T) {
		var documents []map[string]any
		if err := json.Unmarshal([]byte(succeed(t, definitions, "runs", "--json")), &documents); err != nil {
			t.Fatal(err)
		}
		got := make(map[string]any)
		for _, document := range documents {
			got[document["id"].(string)] = document["liveness"]
		}
		if diff := cmp.Diff(liveness, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a run in JSON says it", func(t *testing.T) {
		for id, want := range liveness {
			var document struct{ Record map[string]any }
			if err := json.Unmarshal([]byte(succeed(t, definitions, "runs", "show", id, "--json")), &document); err != nil {
				t.Fatal(err)
			}
			if document.Record["liveness"] != want {
				t.Errorf("%s: got %v, want %v", id, document.Record["liveness"], want)
			}
		}
	})
	t.Run("a run says why", func(t *testing.T) {
		for id, about := range map[string]string{
			"gone": "is gone; the next run records", "apart": "cannot be checked from here", "old": "cannot be checked from here",
		} {
			if shown := succeed(t, definitions, "runs", "show", id); !strings.Contains(shown, about) || !strings.Contains(shown, want[id]) {
				t.Errorf("%s is shown as\n%s", id, shown)
			}
		}
	})
	t.Run("reading changes nothing", func(t *testing.T) {
		events, err := store.Events(t.Context(), history.EventQuery{})
		if err != nil || len(events) != 2*len(want)+1 {
			t.Errorf("%d events, %v", len(events), err)
		}
	})
}

func TestRunsAreListedByTimeAndTag(t *testing.T) {
	newHome(t)
	store := history.NewMemoryStore()
	for i, id := range []string{"run-a", "run-b", "run-c"} {
		event := history.Event{RunID: id, Time: epoch.AddDate(0, 0, i), Data: history.RunQueued{Tags: map[string]string{"day": id, "team": "data"}}}
		if _, err := store.Append(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	definitions := []fx.Option{assets.New("one", func() int { return 1 }), fx.Provide(func() history.Store { return store })}
	s := newServer(t, nil, definitions...)
	second := epoch.AddDate(0, 0, 1).Format(time.RFC3339)
	for args, want := range map[string]string{
		"runs --from " + second:                       "run-c run-b",
		"runs --to " + second:                         "run-a",
		"runs --from " + second + " --to " + second:   "must be before",
		"runs --tag team=data --tag day=run-b":        "run-b",
		"runs --tag day=run-a --from " + second:       "no runs",
		"runs --tag day --limit -1":                   `--tag "day": it must have the form NAME=VALUE`,
		"runs --from x --limit -1":                    "--limit -1: it cannot be negative",
		"runs --from x":                               `--from and --to: from: "x" must be a time`,
		"runs --tag day=run-a --tag day=run-b":        "the tag day is given twice",
		"runs --from 0001-01-02 --to 9999-12-30 -n 1": "run-c",
	} {
		for _, server := range []string{"", " --server " + s.address()} {
			got := execute(t, definitions, strings.Fields(args+server)...)
			var ids []string
			for _, word := range strings.Fields(got.out) {
				if strings.HasPrefix(word, "run-") {
					ids = append(ids, word)
				}
			}
			if strings.Join(ids, " ") != want && !strings.Contains(got.out+got.err, want) {
				t.Errorf("%s lists %v, want %s\n%s%s", args+server, ids, want, got.out, got.err)
			}
		}
	}
}

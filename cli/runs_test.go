package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
)

func TestRunsWhoseProcessMayBeGone(t *testing.T) {
	newHome(t)
	parts := strings.Split(history.Owner(), "/")
	if len(parts) != 4 {
		t.Skip("this system does not tell enough of processes")
	}
	owner := func(place, number string) string {
		return strings.Join([]string{parts[0], number, place, parts[3]}, "/")
	}
	store := history.NewMemoryStore()
	for id, owner := range map[string]string{
		"here":     history.Owner(),
		"gone":     owner(parts[2], "2147483647"), // no system gives this number
		"rebooted": owner("0123456789abcdef", parts[1]),
		"silent":   parts[0] + "/" + parts[1], // as systems that do not tell enough name it
		"nobody":   "",
		"finished": owner("0123456789abcdef", parts[1]),
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
	definitions := []fx.Option{assets.New("one", func() int { return 1 }), fx.Provide(func() history.Store { return store })}
	want := map[string]string{"here": "", "gone": "(lost)", "rebooted": "(possibly lost)", "silent": "(possibly lost)", "nobody": "", "finished": ""}
	liveness := map[string]any{"here": "running", "gone": "gone", "rebooted": "unknown", "silent": "unknown", "nobody": nil, "finished": nil}

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
			"gone": "is gone; the next run records", "rebooted": "cannot be checked from here", "silent": "cannot be checked from here",
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

package cli_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
)

// clusterRun has the events of a run that two workers execute. Its launcher is gone.
func clusterRun(t *testing.T, place string, cluster history.Cluster) []history.Event {
	t.Helper()
	one, two := "far/7/aaaaaaaaaaaa@"+place, "far/8/bbbbbbbbbbbb@"+place
	var events []history.Event
	for i, data := range []history.EventData{
		history.RunQueued{Selection: "*", Steps: []string{"orders", "sales", "report"}, Owner: "host/1/gone@" + place},
		history.RunStarting{Owner: "host/1/gone@" + place, Cluster: cluster},
		history.RunStarted{},
		history.ResourceStarting{Resource: "warehouse", Worker: one},
		history.ResourceStarted{Resource: "warehouse", Worker: one, Duration: time.Millisecond},
		history.StepStarted{Step: "orders", Attempt: 1, Worker: one},
		history.StepSucceeded{Step: "orders", Attempt: 1, Duration: time.Second},
		history.ResourceStarting{Resource: "warehouse", Worker: two},
		history.ResourceStarted{Resource: "warehouse", Worker: two, Duration: time.Millisecond},
		history.StepStarted{Step: "sales", Attempt: 1, Worker: one},
		history.StepFailed{Step: "sales", Attempt: 1, Retry: true, Error: history.Failure{Message: "worker " + one + " was lost"}},
		history.StepStarted{Step: "sales", Attempt: 2, Worker: two},
	} {
		events = append(events, history.Event{RunID: "spread", Time: epoch.Add(time.Duration(i) * time.Second), Data: data})
	}
	return events
}

func TestARunOnACluster(t *testing.T) {
	newHome(t)
	lockers := locks.NewMemory()
	place, err := lockers.Place(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	store := history.NewMemoryStore()
	cluster := history.Cluster{Name: "temporal", Place: "temporal.example:7233/default", Page: "https://temporal.example/namespaces/default/workflows/spread"}
	if _, err := store.Append(t.Context(), clusterRun(t, place, cluster)...); err != nil {
		t.Fatal(err)
	}
	definitions := []fx.Option{assets.New("one", func() int { return 1 }), fx.Provide(func() history.Store { return store }, func() locks.Locker { return lockers })}
	normal := func(text string) string { return strings.ReplaceAll(text, place, "PLACE") }

	t.Run("the listing names the cluster, and does not call the run lost", func(t *testing.T) {
		golden(t, "cluster-runs", normal(succeed(t, definitions, "runs")))
	})
	t.Run("the run is shown with its cluster, its workers, and what has become of its launcher", func(t *testing.T) {
		golden(t, "cluster-runs-show", normal(succeed(t, definitions, "runs", "show")))
	})
	t.Run("the log says on which worker things happen", func(t *testing.T) {
		golden(t, "cluster-logs", normal(succeed(t, definitions, "logs", "spread", "--events")))
	})
	t.Run("the document has all of it", func(t *testing.T) {
		var document struct {
			Record struct {
				history.Record
				Liveness string
			}
		}
		if err := json.Unmarshal([]byte(succeed(t, definitions, "runs", "show", "--json")), &document); err != nil {
			t.Fatal(err)
		}
		record := document.Record
		if record.Liveness != "gone" || record.Cluster != cluster || len(record.Steps) != 3 || !strings.HasPrefix(record.Steps[1].Worker, "far/8/") {
			t.Errorf("got %+v", record)
		}
	})
	t.Run("a process that takes the run over is named", func(t *testing.T) {
		adopted := history.Event{RunID: "spread", Time: epoch.Add(time.Minute), Data: history.RunAdopted{Owner: "near/9/cccccccccccc@" + place}}
		if _, err := store.Append(t.Context(), adopted); err != nil {
			t.Fatal(err)
		}
		if _, err := lockers.TryLock(t.Context(), "owner/near/9/cccccccccccc"); err != nil {
			t.Fatal(err)
		}
		shown := succeed(t, definitions, "runs", "show")
		if !strings.Contains(shown, "run taken over by near/9/cccccccccccc\n") || !strings.Contains(shown, "process    near/9/cccccccccccc@"+place+"\n") || strings.Contains(shown, "gone;") {
			t.Errorf("the run is shown as\n%s", shown)
		}
	})
	t.Run("what is left behind is named with its worker", func(t *testing.T) {
		left := history.LeftResource{Resource: "warehouse", Worker: "far/7/aaaaaaaaaaaa@" + place}
		ended := history.Event{RunID: "spread", Time: epoch.Add(2 * time.Minute), Data: history.RunFinished{Status: history.StatusFailed, Error: history.Failure{Message: "boom"}, Left: []history.LeftResource{left}}}
		if _, err := store.Append(t.Context(), ended); err != nil {
			t.Fatal(err)
		}
		if shown := succeed(t, definitions, "runs", "show"); !strings.Contains(shown, "left behind  warehouse on worker far/7/aaaaaaaaaaaa\n") {
			t.Errorf("the run is shown as\n%s", shown)
		}
	})
}

// watchedStore tells of each read of events.
type watchedStore struct {
	history.Store

	read chan struct{}
}

func (s *watchedStore) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	select {
	case s.read <- struct{}{}:
	default:
	}
	return s.Store.Events(ctx, query)
}

func TestARunOnAClusterIsFollowedAfterTheEndOfItsLauncher(t *testing.T) {
	newHome(t)
	lockers := locks.NewMemory()
	place, err := lockers.Place(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	store := &watchedStore{Store: history.NewMemoryStore(), read: make(chan struct{}, 1000)}
	if _, err := store.Append(t.Context(), clusterRun(t, place, history.Cluster{Name: "temporal"})...); err != nil {
		t.Fatal(err)
	}
	definitions := []fx.Option{assets.New("one", func() int { return 1 }), fx.Provide(func() history.Store { return store }, func() locks.Locker { return lockers })}
	var ending error
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 6 { // reads of a command that goes on
			<-store.read
		}
		_, ending = store.Append(t.Context(), history.Event{RunID: "spread", Time: epoch.Add(time.Hour), Data: history.RunFinished{Status: history.StatusCancelled}})
	}()
	shown := succeed(t, definitions, "logs", "spread", "--events", "--follow")
	if <-done; ending != nil || !strings.Contains(shown, "run was cancelled") {
		t.Errorf("%v, the log is\n%s", ending, shown)
	}
}

package runs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/runs"
)

// Everything that happens in a run is appended to its log.
func ExampleMemoryStore() {
	ctx := context.Background()
	store := runs.NewMemoryStore()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, data := range []runs.EventData{
		runs.RunQueued{Job: "nightly", Steps: []string{"orders"}},
		runs.RunStarting{},
		runs.RunStarted{},
		runs.StepStarted{Step: "orders", Attempt: 1},
		runs.AssetMaterialized{Asset: "orders", Step: "orders", Metadata: runs.Values{"rows": 1200}},
		runs.StepSucceeded{Step: "orders", Duration: time.Second},
		runs.RunFinished{Status: runs.StatusSucceeded, Duration: time.Second},
	} {
		if _, err := store.Append(ctx, runs.Event{RunID: "run-1", Time: now, Data: data}); err != nil {
			fmt.Println(err)
			return
		}
	}

	record, err := runs.Find(ctx, store, "run-1")
	fmt.Println(record.ID, record.Status, record.Steps[0].Status, err)

	last, err := store.Events(ctx, runs.EventQuery{
		Asset: "orders", Types: []runs.EventType{runs.TypeAssetMaterialized}, Limit: 1,
	})
	fmt.Println(last[0].RunID, last[0].Seq, last[0].Data.(runs.AssetMaterialized).Metadata, err)

	_, err = store.Append(ctx, runs.Event{RunID: "run-1", Time: now, Data: runs.RunCancelRequested{}})
	fmt.Println(errors.Is(err, runs.ErrTransition), err)
	// Output:
	// run-1 succeeded succeeded <nil>
	// run-1 5 map[rows:1200] <nil>
	// true appending events: run_cancel_requested of run run-1, which has succeeded: illegal transition
}

// A record is the sum of a run's events, in any process.
func ExampleRecord_Apply() {
	var record runs.Record
	for _, data := range []runs.EventData{
		runs.RunQueued{Job: "nightly", Steps: []string{"orders", "revenue"}},
		runs.RunStarting{},
		runs.RunStarted{},
		runs.StepStarted{Step: "orders", Attempt: 1},
		runs.RunFinished{Status: runs.StatusCancelled},
	} {
		if err := record.Apply(runs.Event{RunID: "run-1", Time: time.Now(), Data: data}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(record.Status)
	for _, step := range record.Steps {
		fmt.Printf("%s: %s, %s\n", step.Key, step.Status, step.Because)
	}
	// Output:
	// cancelled
	// orders: cancelled, the run ended while the step was running
	// revenue: cancelled, the run was cancelled before the step could start
}

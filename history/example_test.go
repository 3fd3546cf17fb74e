package history_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/history"
)

// Everything that happens in a run is appended to its log.
func ExampleMemoryStore() {
	ctx := context.Background()
	store := history.NewMemoryStore()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, data := range []history.EventData{
		history.RunQueued{Job: "nightly", Steps: []string{"orders"}},
		history.RunStarting{},
		history.RunStarted{},
		history.StepStarted{Step: "orders", Attempt: 1},
		history.AssetMaterialized{Asset: "orders", Step: "orders", Metadata: history.Values{"rows": 1200}},
		history.StepSucceeded{Step: "orders", Duration: time.Second},
		history.RunFinished{Status: history.StatusSucceeded, Duration: time.Second},
	} {
		if _, err := store.Append(ctx, history.Event{RunID: "run-1", Time: now, Data: data}); err != nil {
			fmt.Println(err)
			return
		}
	}

	record, err := history.Find(ctx, store, "run-1")
	fmt.Println(record.ID, record.Status, record.Steps[0].Status, err)

	last, err := store.Events(ctx, history.EventQuery{
		Asset: "orders", Types: []history.EventType{history.TypeAssetMaterialized}, Limit: 1,
	})
	fmt.Println(last[0].RunID, last[0].Seq, last[0].Data.(history.AssetMaterialized).Metadata, err)

	_, err = store.Append(ctx, history.Event{RunID: "run-1", Time: now, Data: history.RunCancelRequested{}})
	fmt.Println(errors.Is(err, history.ErrTransition), err)
	// Output:
	// run-1 succeeded succeeded <nil>
	// run-1 5 map[rows:1200] <nil>
	// true appending events: run_cancel_requested of run run-1, which has succeeded: illegal transition
}

// A record is the sum of a run's events, in any process.
func ExampleRecord_Apply() {
	var record history.Record
	for _, data := range []history.EventData{
		history.RunQueued{Job: "nightly", Steps: []string{"orders", "revenue"}},
		history.RunStarting{},
		history.RunStarted{},
		history.StepStarted{Step: "orders", Attempt: 1},
		history.RunFinished{Status: history.StatusCancelled},
	} {
		if err := record.Apply(history.Event{RunID: "run-1", Time: time.Now(), Data: data}); err != nil {
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

package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

func ExampleOpen() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "history")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)

	store, err := sqlite.Open(ctx, folder)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	queued := history.Event{RunID: "run-1", Time: time.Now(), Data: history.RunQueued{Job: "nightly"}}
	if _, err := store.Append(ctx, queued); err != nil {
		fmt.Println(err)
		return
	}
	waiting, err := store.Runs(ctx, history.RunQuery{Statuses: []history.Status{history.StatusQueued}})
	fmt.Println(waiting[0].ID, waiting[0].Job, waiting[0].Status, err)
	// Output: run-1 nightly queued <nil>
}

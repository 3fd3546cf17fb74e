package docs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// Inbox is a resource that knows which tables are new.
type Inbox struct{ tables []string }

// LaunchForNewTables does what a sensor would do: it asks a resource, and launches
// runs. Call it from a ticker, a cron job or a message handler of your own.
func LaunchForNewTables(ctx context.Context, resources *container.Container, launcher *runs.Launcher) error {
	return resources.Invoke(ctx, func(ctx context.Context, inbox *Inbox) error {
		return RefreshAll(ctx, launcher, inbox.tables...)
	})
}

func Example_sensor() {
	var resources *container.Container
	var launcher *runs.Launcher
	app := fx.New(fxrun.Module, iomanagers.Memory("io_manager"), tables, fx.Populate(&resources, &launcher), fx.NopLogger,
		container.Provide("inbox", func() *Inbox { return &Inbox{tables: []string{"rain", "wind"}} }))
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = app.Stop(ctx) }()

	fmt.Println(LaunchForNewTables(ctx, resources, launcher))
	records, err := launcher.Store().Runs(ctx, history.RunQuery{Job: "refresh"})
	for _, record := range records {
		fmt.Println(record.Job, record.Tags["table"], record.Status)
	}
	fmt.Println(err)
	// Output:
	// <nil>
	// refresh wind succeeded
	// refresh rain succeeded
	// <nil>
}

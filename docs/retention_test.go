package docs_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/runs"
)

func TestRetention(t *testing.T) {
	t.Parallel()
	keep := fx.Supply(runs.Retention{Age: 30 * 24 * time.Hour, Runs: 1000})
	var launcher *runs.Launcher
	app := fx.New(fx.NopLogger, fxrun.Module, keep, fx.Populate(&launcher))
	if err := app.Err(); err != nil {
		t.Fatal(err)
	}
	if got := launcher.Retention(); got.Runs != 1000 || got.Age != 720*time.Hour {
		t.Errorf("the launcher keeps %+v", got)
	}
	if err := launcher.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

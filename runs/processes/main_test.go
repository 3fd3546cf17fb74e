//go:build unix

package processes_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/executortest"
	"github.com/fxrun/fxrun/runs/processes"
)

// TestMain is also the main function of the processes that the tests start. Their second
// argument says which definitions they have.
func TestMain(m *testing.M) {
	if !processes.Asked() {
		goleak.VerifyTestMain(m)
		return
	}
	if len(os.Args) == 4 { // without definitions of a test
		processes.Main(pipeline())
	}
	err := processes.Work(context.Background(), os.Args, func(ctx context.Context, execute func(*runs.Launcher) error) error {
		launcher, err := worker(os.Args[2], os.Args[3])
		if err != nil {
			return err
		}
		return errors.Join(execute(launcher), launcher.Close(context.WithoutCancel(ctx)))
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func worker(kind, setting string) (*runs.Launcher, error) {
	switch kind {
	case "suite":
		return executortest.Worker(setting)
	default:
		return newLauncher(runs.LauncherConfig{}, setting)
	}
}

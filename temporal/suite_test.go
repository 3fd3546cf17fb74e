package temporal_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/internal/temporaltest"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/executortest"
	"github.com/fxrun/fxrun/temporal"
)

func TestExecutor(t *testing.T) {
	t.Parallel()
	for _, config := range []temporal.Config{{MaxParallel: 1}, {MaxParallel: 3, Placement: "spread=2"}} {
		t.Run(fmt.Sprintf("%d at once %s", config.MaxParallel, config.Placement), func(t *testing.T) {
			t.Parallel()
			config.Address = temporaltest.New(t).Address()
			executortest.Run(t, func(t *testing.T) executortest.Subject { return subject(t, config) })
		})
	}
}

// subject is a cluster with one worker, in this process.
func subject(t *testing.T, config temporal.Config) executortest.Subject {
	t.Helper()
	config.TaskQueue = strings.ReplaceAll(t.Name(), "/", " ")
	config.Heartbeat = 30 * time.Second // the machine may be slow
	cluster, err := temporal.New(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	stop := func() {}
	t.Cleanup(func() {
		stop()
		cluster.Close()
	})
	return executortest.Subject{
		Executor: cluster, MaxParallel: config.MaxParallel, Shared: true,
		Elsewhere: func(launcher *runs.Launcher) {
			stop() // the worker of the run before
			ctx, cancel := context.WithCancel(context.Background())
			over := make(chan error, 1)
			go func() { over <- cluster.Work(ctx, launcher) }()
			stop = func() {
				cancel()
				if err := <-over; err != nil {
					t.Error(err)
				}
				stop = func() {}
			}
		},
	}
}

package runs

import (
	"context"
	"runtime"
)

// InProcessConfig says how [InProcess] executes steps.
type InProcessConfig struct {
	// MaxParallel is how many steps are executed at once. Defaults to four for
	// each processor: steps mostly wait for others.
	MaxParallel int
}

// InProcess executes each step in a goroutine of this process, as parallel as
// the graph and the config allow. A step that fails does not keep others from
// being executed, unless they need it.
func InProcess(config InProcessConfig) Executor {
	if config.MaxParallel < 1 {
		config.MaxParallel = 4 * runtime.GOMAXPROCS(0)
	}
	return inProcess{config}
}

type inProcess struct{ config InProcessConfig }

func (x inProcess) Execute(ctx context.Context, execution *Execution) error {
	return execution.Schedule(ctx, x.config.MaxParallel, execution.Step)
}

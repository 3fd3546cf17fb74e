package runs

import (
	"context"
	"runtime"
)

// InProcessConfig is the configuration of [InProcess].
type InProcessConfig struct {
	// MaxParallel is the largest number of steps that are executed at the same time.
	// The default is four for each processor, since most steps wait for other
	// systems.
	MaxParallel int
}

// InProcess executes each step in a goroutine of this process. As many steps are
// executed at the same time as the graph and the config allow. After the failure of
// a step, the steps that do not need it are still executed.
func InProcess(config InProcessConfig) Executor {
	if config.MaxParallel < 1 {
		config.MaxParallel = 4 * runtime.GOMAXPROCS(0)
	}
	return inProcess{config}
}

// IsInProcess reports whether [InProcess] has made an executor. Such an executor does what a
// launcher does that is given none.
func IsInProcess(executor Executor) bool {
	_, ok := executor.(inProcess)
	return ok
}

type inProcess struct{ config InProcessConfig }

func (x inProcess) Execute(ctx context.Context, execution *Execution) error {
	return execution.Schedule(ctx, x.config.MaxParallel, execution.Step)
}

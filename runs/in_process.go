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
	//
	// A step that only waits for its value to be stored lets another step begin, so that
	// values which wait at the same time share the flushes of the disk. This happens if
	// MaxParallel is above 1, and if a manager of files or of objects has made 1 MiB or
	// less of the value, which has only to take its place. Steps that store several values
	// or have resources of their own wait as steps that are executed, and so do steps with
	// any other IO manager. At most 32 steps of a run let others begin in this way. The
	// functions of at most MaxParallel steps are called at the same time.
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
	storing := maxStoring
	if x.config.MaxParallel == 1 { // then each step ends before the next one begins
		storing = 0
	}
	return execution.schedule(ctx, newSlots(x.config.MaxParallel, storing), execution.step)
}

package runs

import (
	"errors"
	"fmt"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
)

// WorkerOf returns an executor as a [Worker]. If runs of the executor are executed in this
// process only, the error says what to do. It matches container.ErrInvalid. A nil executor is
// the default one.
func WorkerOf(executor Executor) (Worker, error) {
	worker, ok := executor.(Worker)
	if ok && worker.Place("") != (history.Cluster{}) {
		return worker, nil
	}
	why := errors.New("the runs of this program are executed in the process that launches them, so there is nothing to do for a worker: " +
		"its definitions need an executor with a cluster")
	if ok {
		why = fmt.Errorf("the executor of this program, a %T, has no cluster, so runs are executed in the process that launches them: "+
			"configure its cluster", executor)
	}
	return nil, fault.Join("making a worker", []error{why})
}

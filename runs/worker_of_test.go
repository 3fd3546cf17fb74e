package runs_test

import (
	"errors"
	"testing"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// homeless is a worker without a cluster.
type homeless struct{ runs.Worker }

func (homeless) Place(string) history.Cluster { return history.Cluster{} }

func TestWorkerOf(t *testing.T) {
	t.Parallel()
	const here = "making a worker: the runs of this program are executed in the process that launches them, so there is nothing to do for a worker: " +
		"its definitions need an executor with a cluster"
	for name, test := range map[string]struct {
		executor runs.Executor
		want     string
	}{
		"the default executor has no worker":       {nil, here},
		"an executor of one process has no worker": {runs.InProcess(runs.InProcessConfig{}), here},
		"an executor without a cluster is no worker": {homeless{}, "making a worker: the executor of this program, a runs_test.homeless, has no cluster, " +
			"so runs are executed in the process that launches them: configure its cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			worker, err := runs.WorkerOf(test.executor)
			if worker != nil || !errors.Is(err, container.ErrInvalid) || err.Error() != test.want {
				t.Errorf("got %v, %v", worker, err)
			}
		})
	}
}

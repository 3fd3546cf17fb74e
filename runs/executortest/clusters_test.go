package executortest_test

import (
	"testing"

	"github.com/fxrun/fxrun/internal/clustertest"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/executortest"
)

// onCluster is a subject whose steps are executed by a worker of a cluster.
func onCluster(maxParallel int, faults clustertest.Faults) executortest.Subject {
	cluster := clustertest.New("suite", maxParallel, faults)
	return executortest.Subject{
		Executor: cluster.Executor(), MaxParallel: maxParallel, Shared: true, Elsewhere: func(worker *runs.Launcher) { cluster.Add(worker) },
	}
}

func TestACluster(t *testing.T) {
	t.Parallel()
	executortest.Run(t, func(*testing.T) executortest.Subject { return onCluster(3, clustertest.Faults{}) })
}

// brokenClusters has clusters for each clause that must be found out by it.
func brokenClusters() map[string][]executortest.Subject {
	some := func(faults ...clustertest.Faults) []executortest.Subject {
		var subjects []executortest.Subject
		for _, fault := range faults {
			subjects = append(subjects, onCluster(3, fault))
		}
		return subjects
	}
	unbounded := onCluster(100, clustertest.Faults{})
	unbounded.MaxParallel = 2
	return map[string][]executortest.Subject{
		"every step is executed once":                          some(clustertest.Faults{Twice: true}, clustertest.Faults{Forgets: true}),
		"no more steps than the bound are executed at once":    {unbounded},
		"a failure skips what is downstream of it":             some(clustertest.Faults{IgnoresNeeds: true}),
		"the errors of all steps that failed are returned":     some(clustertest.Faults{NoErrors: true}),
		"after a drain no step begins, and a running one ends": some(clustertest.Faults{IgnoresDrain: true}),
		"a run on a cluster goes on when its owner leaves it":  some(clustertest.Faults{EndsWithOwner: true}),
		"what a worker of a cluster records names the worker":  some(clustertest.Faults{Here: true}),
	}
}

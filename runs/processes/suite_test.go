//go:build unix

package processes_test

import (
	"testing"

	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/executortest"
	"github.com/fxrun/fxrun/runs/processes"
)

// suiteSubject is an executor whose processes are told which definitions they have.
func suiteSubject(of func(processes.Config) runs.Executor) executortest.Subject {
	config := processes.Config{MaxParallel: 3, Args: []string{processes.Argument, "suite", ""}}
	return executortest.Subject{
		Executor: of(config), MaxParallel: 3,
		InProcesses: func(setting string) { config.Args[2] = setting },
	}
}

func TestExecutors(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func(processes.Config) runs.Executor{"a process for each step": processes.Steps, "a process for the run": processes.Whole} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			executortest.Run(t, func(*testing.T) executortest.Subject { return suiteSubject(of) })
		})
	}
}

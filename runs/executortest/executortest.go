// Package executortest decides what a runs.Executor is: Run is the suite that
// every implementation passes.
//
// The clauses judge an executor by the history that it leaves and by the error
// that it returns. The package is for tests only.
package executortest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/runs"
)

// Subject is an executor under test.
type Subject struct {
	// Executor executes the steps of the suite's runs.
	Executor runs.Executor
	// MaxParallel is how many steps it may execute at once. It must be at least
	// 1.
	MaxParallel int
	// Elsewhere is for an executor that has steps executed by
	// runs.Launcher.ExecuteStep, as in another process. It is called before each
	// run, with a launcher of the same definitions, which is to execute the
	// steps of that run. Of an error that comes back from there only the text
	// counts, and for a panic the stack in the history. Nil for an executor that
	// executes steps by runs.Execution.Step.
	Elsewhere func(worker *runs.Launcher)
	// InProcesses is for an executor that has steps executed by other processes. It is
	// called before each run, with a text from which [Worker] makes a launcher of the
	// same definitions in another process. As for Elsewhere, only the text of an error
	// counts.
	InProcesses func(setting string)
	// Shared is for a runs.Cluster. All launchers of a run then have one store and the same
	// locks, as all machines of a cluster do: that of the run, and the one that Elsewhere is
	// called with, which is that of a worker.
	Shared bool

	clause  string               // that is being checked
	capture func(*runs.Launcher) // takes the launcher in place of a run; see Worker
	values  string               // the folder of values for capture
}

// apart reports whether errors come back as texts.
func (s Subject) apart() bool { return s.Elsewhere != nil || s.InProcesses != nil }

// returns reports whether err is or has want, as far as an error comes back.
func (s Subject) returns(err, want error) bool {
	if s.apart() {
		return err != nil && strings.Contains(err.Error(), want.Error())
	}
	return errors.Is(err, want)
}

// Run tests an executor, each clause with a fresh subject from newSubject.
// Clauses run in parallel; what newSubject needs to clean up belongs into
// t.Cleanup.
func Run(t *testing.T, newSubject func(t *testing.T) Subject) {
	t.Helper()
	for _, clause := range clauses() {
		t.Run(clause.name, func(t *testing.T) {
			t.Parallel()
			clause.of(t, newSubject(t))
		})
	}
}

// clause is one sentence of the contract, and the test of it.
type clause struct {
	name  string
	check func(t tester, subject Subject)
}

// of checks the clause with a subject.
func (c clause) of(t tester, subject Subject) {
	subject.clause = c.name
	c.check(t, subject)
}

func clauses() []clause {
	return []clause{
		{"a step is executed after everything that it needs", order},
		{"every step is executed once", once},
		{"no more steps than the bound are executed at once", bound},
		{"a failure skips what is downstream of it", downstream},
		{"a failure skips nothing else", nothingElse},
		{"the errors of all steps that failed are returned", allErrors},
		{"a panic is the failure of its step", panics},
		{"a run without failures returns no error", noError},
		{"after a cancellation no step begins or is skipped", cancellation},
		{"after a drain no step begins, and a running one ends", drained},
		{"a value is stored for the steps that need it", values},
		{"a step is tried again as its retries say", retries},
		{"a step is told of its run", told},
		{"what a step says is recorded", said},
		{"what is started for a step is stopped", stopped},
		{"a run on a cluster goes on when its owner leaves it", leftByOwner},
		{"what a worker of a cluster records names the worker", namesWorkers},
		{"nothing is executing when it returns", nothingLeft},
		{"nothing is executing when it returns after a failure", nothingLeftAfterFailure},
		{"nothing is executing when it returns after a cancellation", nothingLeftAfterCancellation},
	}
}

// tester is the part of *testing.T that clauses use. It is an interface so
// that a clause can be seen to fail. Fatalf ends the calling goroutine.
type tester interface {
	Helper()
	Context() context.Context
	TempDir() string
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

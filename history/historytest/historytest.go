// Package historytest decides what a history.Store is: Run is the suite that every
// implementation passes, Benchmark measures it.
//
// It imports history and go-cmp, and is for tests only.
package historytest

import (
	"context"
	"testing"

	"github.com/fxrun/fxrun/history"
)

// Subject is a store under test, and what else can be done with it.
type Subject struct {
	// Store is an empty store. The one that made it closes it, when the test
	// ends.
	Store history.Store
	// Reopen closes Store and returns a new one on the same data. Nil if the
	// data ends with the store; clauses about it are skipped then.
	Reopen func() history.Store
	// Another returns one more store on the same data, to be used at the same
	// time, as another process would. Nil if there can be only one; clauses
	// about it are skipped then.
	Another func() history.Store
}

// Run tests a store, each clause with a fresh subject from newStore. Clauses
// run in parallel; what newStore needs to clean up belongs into t.Cleanup.
func Run(t *testing.T, newStore func(t *testing.T) Subject) {
	t.Helper()
	for _, clause := range clauses() {
		t.Run(clause.name, func(t *testing.T) {
			t.Parallel()
			subject := newStore(t)
			if clause.reopens && subject.Reopen == nil {
				t.Skip("the store can't be reopened")
			}
			if clause.twoStores && subject.Another == nil {
				t.Skip("there can be only one store on the data")
			}
			if _, ok := subject.Store.(history.Pruner); clause.prunes && !ok {
				t.Skip("the store cannot remove runs")
			}
			clause.check(t, subject)
		})
	}
}

// clause is one sentence of the contract, and the test of it.
type clause struct {
	name               string
	check              func(t tester, subject Subject)
	reopens, twoStores bool // abilities of the subject that it needs
	prunes             bool // needs a history.Pruner
}

func clauses() []clause {
	var all []clause
	for _, topic := range [][]clause{
		appendClauses(), transitionClauses(), stateMachineClauses(), clusterClauses(), readClauses(), pagingClauses(),
		filterClauses(), timeClauses(), progressClauses(), pruningClauses(), latestClauses(), reopenClauses(), writerClauses(), journalClauses(),
	} {
		all = append(all, topic...)
	}
	return all
}

// tester is the part of *testing.T that clauses use. It is an interface so
// that a clause can be seen to fail. Fatalf ends the calling goroutine.
type tester interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Package suitetest checks suites of tests, such as the one for stores: each clause
// of a suite must fail on subjects that break it. [EachClauseFails] is for suites
// whose clauses take a tester that a [Recorder] can be. [EachFails] is for suites
// whose clauses need a testing.T, so that they must fail in another process.
package suitetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fxrun/fxrun/internal/panics"
)

// EachClauseFails gives each clause the subjects that break it. complaints returns
// what the clause says against one of them. A clause without such a subject, and
// subjects for something that is no clause, are reported.
func EachClauseFails[S any](t *testing.T, clauses []string, broken map[string][]S, complaints func(t *testing.T, clause string, subject S) []string) {
	t.Helper()
	for _, clause := range clauses {
		if len(broken[clause]) == 0 {
			t.Errorf("no broken subject for %q", clause)
		}
		for i, subject := range broken[clause] {
			t.Run(fmt.Sprintf("%s, %d", clause, i+1), func(t *testing.T) {
				t.Parallel()
				found := complaints(t, clause, subject)
				if len(found) == 0 {
					t.Error("a broken subject passed")
				}
				if testing.Verbose() {
					t.Log(strings.Join(found, "\n"))
				}
			})
		}
	}
	for clause := range broken {
		if !slices.Contains(clauses, clause) {
			t.Errorf("a broken subject for %q, which is no clause", clause)
		}
	}
}

// Recorder is a tester that remembers complaints. It is safe for concurrent use.
type Recorder struct {
	ctx    context.Context
	folder string

	mu         sync.Mutex
	complaints []string
}

// Complaints calls a check with a new Recorder, and returns what the check says. A
// panic in the check is a complaint too. ctx and folder are what the Recorder gives
// to the check as its context and its temporary folder.
func Complaints(ctx context.Context, folder string, check func(*Recorder)) []string {
	recorder := &Recorder{ctx: ctx, folder: folder}
	err := panics.Guard(func() error { // in a goroutine, because Fatalf ends it
		check(recorder)
		return nil
	})
	if panicked, ok := errors.AsType[*panics.Error](err); ok {
		recorder.Errorf("%v", panicked)
	}
	return recorder.complaints
}

// Helper does nothing.
func (r *Recorder) Helper() {}

// Context returns the context that was given to Complaints.
func (r *Recorder) Context() context.Context { return r.ctx }

// TempDir returns the folder that was given to Complaints.
func (r *Recorder) TempDir() string { return r.folder }

// Errorf keeps a complaint.
func (r *Recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.complaints = append(r.complaints, fmt.Sprintf(format, args...))
}

// Fatalf keeps a complaint and ends the goroutine.
func (r *Recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

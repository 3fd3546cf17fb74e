// Package exampletest stands in for a test where there is none: an Example gets
// no *testing.T.
package exampletest

import (
	"context"
	"fmt"
	"testing"
)

// T is a testing.TB that panics where a test would fail. Only what fxruntest
// calls is there.
type T struct {
	testing.TB
	cleanups []func()
}

// New returns a T, whose End belongs into a defer.
func New() *T { return new(T) }

// Helper does nothing.
func (*T) Helper() {}

// Context returns one that does not end.
func (*T) Context() context.Context { return context.Background() }

// Fatalf panics with the text.
func (*T) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// Errorf panics with the text.
func (*T) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// Cleanup has f called by End.
func (t *T) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

// End calls what Cleanup was given.
func (t *T) End() {
	for _, cleanup := range t.cleanups {
		cleanup()
	}
}

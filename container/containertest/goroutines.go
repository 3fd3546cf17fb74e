package containertest

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"time"
)

// patience is how long goroutines may take to end after a child was closed, on a machine that
// is busy. Only a test that leaves some behind waits as long.
const patience = 5 * time.Second

// goroutineWatch finds the goroutines that were begun on a child's behalf. It
// marks them by a profiler label, which a goroutine inherits from the one that
// begins it: those of other tests, running at the same time, don't count.
type goroutineWatch struct {
	tb    TB
	ctx   context.Context //nolint:containedctx // carries the label to NewChild, which has no other way to get it
	label string
}

const labelName = "containertest"

var watches atomic.Int64

// watchGoroutines marks the calling goroutine, and so all that it begins.
func watchGoroutines(tb TB) *goroutineWatch {
	label := fmt.Sprint(watches.Add(1))
	// The test's own context ends before its cleanups run.
	ctx := pprof.WithLabels(context.WithoutCancel(tb.Context()), pprof.Labels(labelName, label))
	pprof.SetGoroutineLabels(ctx)
	return &goroutineWatch{tb: tb, ctx: ctx, label: label}
}

// check fails the test for each marked goroutine that does not end.
func (w *goroutineWatch) check() {
	w.tb.Helper()
	pprof.SetGoroutineLabels(context.Background())
	var left []string
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		left = w.left()
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			break
		}
	}
	w.tb.Errorf("the child container left %d goroutines behind:\n%s", len(left), strings.Join(left, "\n\n"))
}

// left returns the stacks of the marked goroutines.
func (w *goroutineWatch) left() []string {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return nil
	}
	var stacks []string
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(stack, fmt.Sprintf("# labels: {%q:%q}", labelName, w.label)) {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

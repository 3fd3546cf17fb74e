package runs

import (
	"context"

	"github.com/fxrun/fxrun/history"
)

// Recorder takes what happens to a step where it is executed, and brings it to
// the history of the run. An [Execution] is the recorder of its run. In another
// process it is whatever sends events to the process that launched the run, for
// instance as JSON over a pipe, where they are given to [Execution.Record].
//
// It must be safe for concurrent use. Calls that overlap may be recorded in
// either order, but never those of which one returned before the other began.
type Recorder interface {
	// Record takes events of one run, in order. When it returns without an
	// error, events about what is going to happen are on their way to the
	// history. Its error says that the history can't be kept: the step stops by
	// it, and records nothing more.
	Record(ctx context.Context, events ...history.Event) error
}

var _ Recorder = (*Execution)(nil)

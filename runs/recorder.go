package runs

import (
	"context"

	"github.com/fxrun/fxrun/history"
)

// Recorder takes the events of a step where the step is executed, and brings them to
// the history of the run. An [Execution] is the recorder of its run. In another
// process, a recorder sends the events to the process that launched the run, for
// instance as JSON over a pipe. There they are given to [Execution.Record].
//
// A recorder must be safe for concurrent use. Calls at the same time may be recorded
// in any order. A call that begins after another one has returned must be recorded
// after it.
type Recorder interface {
	// Record takes events of one run, in their order. After it has returned without
	// an error, an event that announces the start or the stop of a resource is in the
	// history, and so is a materialization. Otherwise a resource of a killed process may
	// be in no record, and the last record of an asset may not be that of the value which
	// is stored. Other events may be on their way. An error says that the history cannot
	// be kept. The step then stops and records nothing more.
	Record(ctx context.Context, events ...history.Event) error
}

var _ Recorder = (*Execution)(nil)

package runs

import (
	"context"

	"github.com/fxrun/fxrun/history"
)

// batch is what goes to the store in one call.
type batch struct {
	ctx    context.Context // of the first call
	events []history.Event
	starts []int           // where the events of each call begin
	done   chan struct{}   // closed once it is stored or refused; nil if nobody waits
	also   []history.Event // of other runs, which are stored with those of this run, or not at all
	err    error           // of the calls from failed on
	failed int
	tells  []history.Event // in no log, of which the observer is told
	reads  bool            // what others have appended is read before the events are written
	unread error           // why that could not be read
	faults map[int]error   // of calls that the store has refused, if the log goes on after that

	settled []func() // are called once it is stored or refused

	ordered     func() // may be called once the events up to those of a call have their place in the store; nil calls nobody
	orderedCall int    // the number of this call
}

// order tells that the batch has its place in the store. Nobody is told if the store may yet
// refuse a later call of the batch, since the calls before it are then appended again.
func (b *batch) order() {
	if b.orderedCall == len(b.starts)-1 {
		b.ordered()
	}
}

// settle tells that the batch is stored or refused.
func (b *batch) settle() {
	for _, settled := range b.settled {
		settled()
	}
	b.settled = nil
}

// outcome is what a call gets, once the batch is done.
func (b *batch) outcome(call int) error {
	if err := b.faults[call]; err != nil {
		return err
	}
	if b.err != nil && call >= b.failed {
		return b.err
	}
	return nil
}

// refuse notes why the store has refused a call.
func (b *batch) refuse(call int, err error) {
	if b.faults == nil {
		b.faults = make(map[int]error)
	}
	b.faults[call] = err
}

// call returns the events of one call.
func (b *batch) call(i int) []history.Event {
	if i+1 < len(b.starts) {
		return b.events[b.starts[i]:b.starts[i+1]]
	}
	return b.events[b.starts[i]:]
}

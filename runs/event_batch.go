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

	settled []func() // are called once it is stored or refused
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
	if b.err != nil && call >= b.failed {
		return b.err
	}
	return nil
}

// call returns the events of one call.
func (b *batch) call(i int) []history.Event {
	if i+1 < len(b.starts) {
		return b.events[b.starts[i]:b.starts[i+1]]
	}
	return b.events[b.starts[i]:]
}

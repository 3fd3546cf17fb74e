package temporal

import (
	"cmp"

	"go.temporal.io/sdk/workflow"
)

// isLong reports whether the run has to go on in another workflow, because Temporal allows the history
// of this one not many more events. From then on no steps begin here.
func (f *flow) isLong() bool {
	running := 0
	for _, p := range f.placements {
		running += len(p.running)
	}
	info := workflow.GetInfo(f.ctx)
	f.continues = f.continues ||
		info.GetCurrentHistoryLength()+running*stepEvents > cmp.Or(f.plan.Events, maxEvents) || info.GetCurrentHistorySize() > maxSize
	return f.continues
}

// goesOn reports whether the run goes on in another workflow when nothing is executed any more.
func (f *flow) goesOn() bool {
	return f.continues && f.schedule.open > 0 && !f.cancelled && !f.result.TimedOut && !f.result.Drained && f.result.Fault == ""
}

// catchSignals takes the signals that have come since the containers were closed. They would be lost.
func (f *flow) catchSignals() {
	if workflow.GetSignalChannel(f.ctx, drainSignal).ReceiveAsync(nil) {
		f.result.Drained = true
	}
}

// remaining returns the plan of the next workflow.
func (f *flow) remaining() plan {
	now := workflow.Now(f.ctx)
	next := f.plan
	next.Past = f.schedule.past(now)
	next.Past.Numbered, next.Past.Result = f.numbered, f.result
	if !f.deadline.IsZero() {
		next.Timeout = max(1, f.deadline.Sub(now))
	}
	return next
}

// resume begins where the workflow before this one has ended.
func (f *flow) resume() {
	if f.plan.Past == nil {
		return
	}
	f.numbered, f.result = f.plan.Past.Numbered, f.plan.Past.Result
	f.schedule.resume(f.plan.Past)
	for _, next := range f.plan.Past.Attempts {
		if next.Wait > 0 {
			f.later(next.Step, next.Attempt, next.Wait)
		}
	}
}

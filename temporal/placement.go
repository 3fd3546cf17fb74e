package temporal

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// placement is the place of a run at a worker, as the workflow sees it. It begins when a worker
// is asked for, and ends when Temporal says that the worker has left it or is gone.
type placement struct {
	number  int
	ctx     workflow.Context // of all that is asked of the worker
	cancel  workflow.CancelFunc
	told    placed // by the worker; the zero value before
	leaving bool   // no more steps begin there
	running []int  // steps
}

func (f *flow) placement(number int) *placement {
	at := slices.IndexFunc(f.placements, func(p *placement) bool { return p.number == number })
	if at < 0 {
		return nil
	}
	return f.placements[at]
}

// accepting counts the placements where steps begin, or will begin.
func (f *flow) accepting() int {
	count := 0
	for _, p := range f.placements {
		if !p.leaving {
			count++
		}
	}
	return count
}

// ask asks for a worker. It waits in the task queue until one has a place.
func (f *flow) ask() {
	f.numbered++
	p := &placement{number: f.numbered}
	p.ctx, p.cancel = workflow.WithCancel(f.ctx)
	f.placements = append(f.placements, p)
	ctx := workflow.WithActivityOptions(p.ctx, workflow.ActivityOptions{
		StartToCloseTimeout: forever, HeartbeatTimeout: f.plan.Heartbeat, Priority: f.priority(),
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}, // the workflow must know of each
	})
	input := holdInput{Placement: p.number, Heartbeat: f.plan.Heartbeat}
	f.after(workflow.ExecuteActivity(ctx, holdName, input), p, func(future workflow.Future) {
		var output holdOutput
		err := future.Get(f.ctx, &output)
		if output.Error != "" && len(f.result.Close) < maxUnclosed {
			f.result.Close = append(f.result.Close, output.Error)
		}
		f.left(p, err)
	})
}

// placed notes which worker has taken a placement.
func (f *flow) placed(told placed) {
	if p := f.placement(told.Placement); p != nil {
		if !f.begun && f.plan.Placements > 1 {
			f.patient = true
			f.after(workflow.NewTimer(f.ctx, patience), nil, func(workflow.Future) { f.patient = false })
		}
		p.told, f.begun = told, true
		f.refusals, f.occupied = 0, 0
	}
}

// left goes on after a placement has ended. Steps that were executed there are executed again
// elsewhere, unless the history says that they have ended.
func (f *flow) left(p *placement, err error) {
	f.leave(p)
	switch {
	case f.stopped:
	case err == nil, isLost(err), typeOf(err) == leavingError:
		f.most = f.plan.Placements
	case typeOf(err) == occupiedError:
		f.occupied++
		if f.occupied >= maxOccupied && f.accepting() > 0 {
			f.most = f.accepting()
			return
		}
		f.rest(f.occupied)
	case typeOf(err) == refusedError:
		f.refusals++
		f.without(f.refusals >= maxRefusals, f.refusals, err)
	case typeOf(err) == overError, typeOf(err) == unopenedError:
		f.fail(textOf(err))
	default:
		f.errors++
		f.without(f.errors >= maxErrors, f.errors, err)
	}
}

// leave takes a placement away.
func (f *flow) leave(p *placement) {
	f.placements = slices.DeleteFunc(f.placements, func(other *placement) bool { return other == p })
	f.waits = slices.DeleteFunc(f.waits, func(one wait) bool { return one.of == p })
	for _, step := range p.running {
		f.schedule.again(step, f.schedule.steps[step].attempt)
	}
	p.running = nil
	p.cancel()
}

// without goes on after a worker could not execute the run. After the last of several times the run makes do
// with the workers that it has, and fails if it has none.
func (f *flow) without(last bool, times int, err error) {
	if !last {
		f.rest(times)
		return
	}
	if f.most = f.accepting(); f.most == 0 {
		f.fail(textOf(err))
	}
}

// rest lets some time pass before the next worker is asked for, more each time.
func (f *flow) rest(times int) {
	f.resting = true
	delay := min(100*time.Millisecond<<min(times-1, 10), 5*time.Second)
	f.after(workflow.NewTimer(f.ctx, delay), nil, func(workflow.Future) { f.resting = false })
}

// leastLoaded returns the placement where the next step begins, or nil if there is none.
func (f *flow) leastLoaded() *placement {
	var least *placement
	for _, p := range f.placements {
		if p.told.Queue == "" || p.leaving || len(p.running) >= min(p.told.Parallel, f.share()) {
			continue
		}
		if least == nil || len(p.running) < len(least.running) {
			least = p
		}
	}
	return least
}

// share is how many steps one placement gets. At the beginning it is its part only, since other workers may take
// placements soon.
func (f *flow) share() int {
	open := len(f.schedule.ready) + f.schedule.running
	if !f.patient || f.most < 2 {
		return open
	}
	parts := min(f.most, open)
	return (open + parts - 1) / parts
}

package runs

import (
	"context"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
)

// needsPools reports whether a step must take places in pools before it is executed.
func (e *Execution) needsPools(step *assets.Step) bool {
	if len(step.Pools) == 0 {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state(step.Key).places == nil
}

// hold takes a place in each pool of a step. It waits until they are free.
func (e *Execution) hold(ctx context.Context, step *assets.Step) error {
	launcher := e.site.launcher
	limits := launcher.config.Limits.ofStep(step)
	given, err := launcher.pools.take(ctx, limits, priorityOf(e.site.launch.tags), func() {
		e.site.record(history.LogWritten{
			Step: step.Key, Message: "waiting", Attrs: history.Attrs{{Name: AttrWaitsFor, Value: "a place among the " + textOf(limits)}},
		})
	})
	if err != nil {
		return err
	}
	given.keep(e.abort)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state(step.Key).places = given
	return nil
}

// leavePools gives the places of steps to others.
func (e *Execution) leavePools(steps []*assets.Step) {
	for _, step := range steps {
		e.mu.Lock()
		state := e.state(step.Key)
		given := state.places
		state.places = nil
		e.mu.Unlock()
		if given != nil {
			e.site.launcher.pools.leave(given)
		}
	}
}

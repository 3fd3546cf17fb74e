package inspect

import (
	"context"
	"slices"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// Pool is a pool with the steps that have a place in it, and those that wait for one.
type Pool struct {
	runs.PoolState

	// Assets are the keys of the assets whose steps need a place in the pool.
	Assets []string `json:"assets"`
	// Holders are the steps that are running in the pool, and Waiters those that wait for a
	// place, in all processes. Both are sorted by the time since when.
	Holders []PoolStep `json:"holders"`
	Waiters []PoolStep `json:"waiters"`
}

// PoolStep is a step of a run that has, or needs, a place in a pool.
type PoolStep struct {
	Run  string `json:"run"`
	Job  string `json:"job,omitempty"`
	Step string `json:"step"`
	// Since is when the step has started, or began to wait.
	Since time.Time `json:"since"`
}

// poolRuns is how many runs that are executed are looked at for the steps of pools.
const poolRuns = 200

// Pools returns the pools of the program, sorted by name. The steps are those that the
// history knows, of the newest 200 runs that are executed. A run of another program, or of an
// earlier version of this one, may have steps that are not found.
func (i *Inspector) Pools(ctx context.Context, launcher *runs.Launcher) ([]Pool, error) {
	states, err := launcher.Pools(ctx)
	if err != nil {
		return nil, err
	}
	pools := make([]Pool, len(states))
	byName := make(map[string]*Pool, len(states))
	for n, state := range states {
		pools[n] = Pool{PoolState: state, Assets: []string{}, Holders: []PoolStep{}, Waiters: []PoolStep{}}
		byName[state.Name] = &pools[n]
	}
	if len(pools) == 0 {
		return pools, nil
	}
	for _, asset := range i.assets() {
		for _, name := range asset.Pools {
			if pool, ok := byName[name]; ok {
				pool.Assets = append(pool.Assets, asset.Key)
			}
		}
	}
	running, err := i.store.Runs(ctx, history.RunQuery{Statuses: []history.Status{history.StatusStarting, history.StatusRunning}, Limit: poolRuns})
	if err != nil {
		return nil, err
	}
	for _, record := range running {
		if err := i.addPoolSteps(ctx, byName, record); err != nil {
			return nil, err
		}
	}
	for _, pool := range pools {
		for _, steps := range [][]PoolStep{pool.Holders, pool.Waiters} {
			slices.SortStableFunc(steps, func(a, b PoolStep) int { return a.Since.Compare(b.Since) })
		}
	}
	return pools, nil
}

// addPoolSteps adds the steps of a run to the pools that they are in.
func (i *Inspector) addPoolSteps(ctx context.Context, pools map[string]*Pool, record history.Record) error {
	scope := Scope{Job: record.Job}
	if record.Job == "" {
		scope.Selection = record.Selection
	}
	plan, err := i.plan(scope)
	if err != nil || plan == nil {
		return nil //nolint:nilerr // this program does not have these steps
	}
	var waits map[string]time.Time // read if a step may wait
	for _, step := range plan.Steps {
		known, ok := record.Step(step.Key)
		if !ok || len(step.Pools) == 0 {
			continue
		}
		switch known.Status {
		case history.StepStatusRunning:
			addPoolStep(pools, step, PoolStep{record.ID, record.Job, step.Key, known.Started}, true)
		case history.StepStatusPending:
			if waits == nil {
				if waits, err = i.waitingSince(ctx, record.ID); err != nil {
					return err
				}
			}
			if since, ok := waits[step.Key]; ok {
				addPoolStep(pools, step, PoolStep{record.ID, record.Job, step.Key, since}, false)
			}
		case history.StepStatusSucceeded, history.StepStatusFailed, history.StepStatusSkipped, history.StepStatusCancelled:
		}
	}
	return nil
}

func addPoolStep(pools map[string]*Pool, step *assets.Step, one PoolStep, holds bool) {
	for _, name := range step.Pools {
		switch pool := pools[name]; {
		case pool == nil:
		case holds:
			pool.Holders = append(pool.Holders, one)
		default:
			pool.Waiters = append(pool.Waiters, one)
		}
	}
}

// waitingSince returns the steps of a run that wait for places, and since when. A step that
// is tried again may wait again, and one that has had a place since does not wait.
func (i *Inspector) waitingSince(ctx context.Context, run string) (map[string]time.Time, error) {
	since := make(map[string]time.Time)
	query := history.EventQuery{RunID: run, Types: []history.EventType{history.TypeLogWritten, history.TypeStepStarted}}
	for event, err := range history.EachEvent(ctx, i.store, query) {
		if err != nil {
			return nil, err
		}
		switch data := event.Data.(type) {
		case history.StepStarted:
			delete(since, data.Step)
		case history.LogWritten:
			if waitsFor(data) != "" {
				since[data.Step] = event.Time
			}
		default: // the query asks for no others
		}
	}
	return since, nil
}

// waitsFor returns what a step waits for that has written a log line; "" for other lines.
func waitsFor(line history.LogWritten) string {
	for _, attr := range line.Attrs {
		if text, ok := attr.Value.(string); ok && attr.Name == runs.AttrWaitsFor && line.Step != "" {
			return text
		}
	}
	return ""
}

package runs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
)

// Queue records the run, and leaves it to a process that takes queued runs: see
// [Launcher.Work]. It returns the ID of the run. As [Prepared.Start], it can be called
// once, and returns the faults of the preparation.
//
// The history keeps the launch config, but no secrets. So a launch with a secret that is
// given literally is refused, and so are fx.Options and Observe: give {env: NAME}, which
// the process that executes the run resolves in its own environment. Such errors match
// container.ErrInvalid.
func (p *Prepared) Queue(ctx context.Context) (string, error) {
	if p.fault != nil {
		return "", p.fault
	}
	if err := p.storable(); err != nil {
		return "", err
	}
	if p.started.Swap(true) {
		return "", errStarted
	}
	queued := p.launch.record
	queued.Takeable = true
	data := mask(p.launch.child.Mask).event(queued)
	if err := p.launcher.appendQueued(ctx, history.Event{RunID: p.launch.id, Seq: 1, Time: time.Now(), Data: data}); err != nil {
		return "", fmt.Errorf("queueing a run: %w", err)
	}
	return p.launch.id, nil
}

// storable returns why the run cannot be queued for another process.
func (p *Prepared) storable() error {
	faults := fault.Of(p.incomplete())
	if p.launch.asked.Observe != nil {
		faults = append(faults, errors.New("it has a function Observe, which only the process that executes the run could call"))
	}
	return fault.Join("queueing a run", faults)
}

// incomplete returns why another process could not execute the run from what the history
// keeps of it.
func (p *Prepared) incomplete() error {
	asked := p.launch.asked
	var faults []error
	if len(asked.Options) > 0 {
		faults = append(faults, errors.New("it has fx.Options, which the history cannot keep"))
	}
	if !maps.Equal(p.launch.tags, p.launch.record.Tags) {
		faults = append(faults, errors.New("one of its tags holds a secret of the run, which the history does not keep"))
	}
	request := StepRequest{Job: p.launch.record.Job, Config: p.launch.record.Config, Retry: asked.Retry}
	if request.Job == "" {
		request.Selection = asked.Selection
	}
	unlike, err := p.launcher.unlike(p.launch, request)
	if err != nil {
		return err
	}
	return fault.Join("keeping the launch", slices.Concat(faults, unlike))
}

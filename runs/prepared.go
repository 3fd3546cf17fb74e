package runs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
)

// Prepared is a launch that was checked and not yet started. It holds the
// config that was read, so that what was checked is what runs. It is safe for
// concurrent use. See [Launcher.Prepare].
type Prepared struct {
	launcher *Launcher
	launch   launch
	fault    error
	started  atomic.Bool
}

// Preview is what a run would do.
type Preview struct {
	// Plan holds the steps, in order. It is nil where the request asks for
	// nothing that exists.
	Plan *assets.Plan
	// Resources are those that would start, with the config that they would
	// get.
	Resources []container.Description
	// Steps are those with a config, with what they would get.
	Steps []container.StepDescription
}

// Prepare does all that [Launcher.Launch] does before it makes a run. It reads
// the environment and the request's config, finds everything that is wrong with
// the request, and starts nothing.
//
// Prepared is not nil where there is an error: it can't be started, but
// [Prepared.Preview] shows what is known.
func (l *Launcher) Prepare(request Request) (*Prepared, error) {
	p := &Prepared{launcher: l}
	p.fault = panics.Guard(func() error { return p.prepare(request) })
	return p, p.fault
}

func (p *Prepared) prepare(request Request) error {
	job, err := p.launcher.plan(request)
	if err != nil {
		return err
	}
	tags := make(map[string]string, len(job.Tags)+len(request.Tags))
	maps.Copy(tags, job.Tags)
	maps.Copy(tags, request.Tags)
	p.launch = launch{id: newID(), plan: job.Plan, tags: tags, observe: request.Observe, asked: request}
	options := append(slices.Clone(request.Options), container.Launch(job.Config.Merge(request.Config)))
	options = append(options, p.launcher.targets(job.Plan)...)
	if p.launch.child, err = p.launcher.config.Container.Prepare(options...); err != nil {
		return err
	}
	shown, err := p.launch.child.LaunchJSON()
	if err != nil {
		return err
	}
	p.launch.record = history.RunQueued{Owner: p.launcher.owner, Job: job.Name, Selection: job.Plan.Selection, Tags: tags, Config: shown}
	for _, step := range job.Plan.Steps {
		p.launch.record.Steps = append(p.launch.record.Steps, step.Key)
	}
	if _, ok := p.launcher.config.Executor.(Remote); ok {
		_, err = p.launcher.stepRequest(p.launch)
	}
	return err
}

// Preview returns what the run would do, with the config that was read. Where
// the preparation found faults it goes as far as it can.
func (p *Prepared) Preview() Preview {
	preview := Preview{Plan: p.launch.plan}
	if p.launch.child != nil {
		child := p.launch.child.Preview()
		preview.Resources, preview.Steps = child.Resources, child.Steps
	}
	return preview
}

// errStarted is the error of a second start.
var errStarted = errors.New("starting a prepared run: it was started before; prepare another one")

// Start records the run as queued and begins to execute exactly what was
// prepared; the environment is not read again. It can be called once: further
// calls return an error, whatever became of the first. Where the preparation
// found faults, Start returns them.
//
// The run does not end with ctx, which bounds the launch only: see
// [Run.Cancel] and [Launcher.Close].
func (p *Prepared) Start(ctx context.Context) (*Run, error) {
	if p.fault != nil {
		return nil, p.fault
	}
	if p.started.Swap(true) {
		return nil, errStarted
	}
	run := newRun(ctx, p.launch, p.launcher)
	if err := p.launcher.enter(run); err != nil {
		return nil, err
	}
	p.launcher.settleLost(ctx)
	if err := run.log.append(ctx, p.launch.record); err != nil {
		p.launcher.leave(run)
		return nil, fmt.Errorf("launching a run: %w", err)
	}
	go run.obeyRequests()
	go func() {
		defer p.launcher.leave(run)
		run.execute()
	}()
	return run, nil
}

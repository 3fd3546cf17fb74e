package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/binding"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
)

// Prepared is a launch that was checked and is not started yet. It holds the config
// that was read, so that the run gets exactly the config that was checked.
// [Launcher.Prepare] makes it. It is safe for concurrent use.
type Prepared struct {
	launcher *Launcher
	launch   launch
	fault    error
	started  atomic.Bool
}

// Preview says what a run would do.
type Preview struct {
	// Plan holds the steps in an order in which they may be executed. It is nil if
	// nothing that the request names exists.
	Plan *assets.Plan
	// Resources are the resources that the run would start, with their config.
	Resources []container.Description
	// Steps are the steps that have a config, with this config.
	Steps []container.StepDescription
	// Warnings are sentences about the plan that a person should read before the run. The
	// only ones are about steps whose values are stored apart: see assets.StoredApart.
	Warnings []string
}

// Prepare does all that [Launcher.Launch] does before a run is recorded. It reads
// the environment and the config of the request, and finds all faults of the
// request. It starts nothing.
//
// If there is an error, the returned Prepared is not nil. It cannot be started, but
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
	return p.prepareJob(request, job)
}

// prepareJob checks a request whose steps are known.
func (p *Prepared) prepareJob(request Request, job assets.JobPlan) error {
	tags := make(map[string]string, len(job.Tags)+len(request.Tags))
	maps.Copy(tags, job.Tags)
	maps.Copy(tags, request.Tags)
	if err := checkTags(tags); err != nil {
		return err
	}
	if err := request.checkPolicies(); err != nil {
		return err
	}
	request.Retry.tag(tags)
	request.tag(tags, job)
	p.launch = launch{id: cmp.Or(request.ID, newID()), plan: job.Plan, tags: tags, observe: request.Observe, asked: request, retry: retryPolicyOf(request, job)}
	config := job.Config.Merge(request.Config)
	if job.Name != "" {
		config = job.Config.GivenBy("job " + job.Name).Merge(request.Config)
	}
	options := append(slices.Clone(request.Options), container.Launch(config))
	options = append(options, p.launcher.targets(job.Plan)...)
	var err error
	p.launch.child, err = p.launcher.config.Container.Prepare(options...)
	if err := request.Retry.missing((*child.Prepared)(p.launch.child), len(request.Options) > 0, err); err != nil {
		return err
	}
	shown, err := p.launch.child.LaunchJSON()
	if err != nil {
		return err
	}
	p.launch.record = history.RunQueued{Job: job.Name, Selection: job.Plan.Selection, Tags: p.masked(tags), Config: shown, Timeout: request.timeout(job), Options: len(request.Options) > 0}
	if len(config.Resources)+len(config.Steps) > 0 {
		p.launch.record.ConfigGivenBy = p.launch.givenBy()
		if p.launch.record.Secrets, err = secretsOf((*child.Prepared)(p.launch.child), shown); err != nil {
			return err
		}
	}
	p.warnOfUnread(config)
	if p.launch.retry.times > 0 || tags[TagOnCrash] == string(assets.CrashResume) {
		if incomplete := p.incomplete(); incomplete != nil {
			p.launch.record.Incomplete = p.launch.child.Mask(incomplete.Error())
		}
	}
	for _, step := range job.Plan.Steps {
		p.launch.record.Steps = append(p.launch.record.Steps, step.Key)
	}
	return p.checkExecutor()
}

// checkExecutor asks the executor whether it can execute the run.
func (p *Prepared) checkExecutor() error {
	executor := p.launcher.config.Executor
	if checker, ok := executor.(PlanChecker); ok {
		if err := checker.CheckPlan(p.launch.plan); err != nil {
			return fault.Join("launching a run", []error{err})
		}
	}
	if _, ok := executor.(Remote); ok {
		request, err := p.launcher.stepRequest(p.launch)
		p.launch.request = &request
		return err
	}
	return nil
}

// masked returns the tags as they are recorded: without the secrets of the run.
func (p *Prepared) masked(tags map[string]string) map[string]string {
	masked := make(map[string]string, len(tags))
	for key, value := range tags {
		masked[p.launch.child.Mask(key)] = p.launch.child.Mask(value)
	}
	return masked
}

// warnOfUnread warns of config that nothing reads, since a value of the host
// application takes the place of its resource.
func (p *Prepared) warnOfUnread(config container.RunConfig) {
	for _, key := range (*child.Parent)(p.launcher.config.Container).Graph().ReplacedConfigs(config) {
		_ = panics.Guard(func() error {
			p.launcher.config.Logger.Warn("nothing reads this config, because a value of the host application takes the place of the resource", "config", "resources."+key)
			return nil
		})
	}
}

// Preview returns what the run would do, with the config that was read. If the
// preparation has found faults, the preview contains only what is known in spite of
// them.
func (p *Prepared) Preview() Preview {
	preview := Preview{Plan: p.launch.plan}
	if p.launch.plan != nil && p.launcher.config.IO == nil {
		preview.Warnings = binding.Apart(p.launcher.config.Container, slices.Values(p.launch.plan.Steps))
	}
	if p.launch.child != nil {
		child := p.launch.child.Preview()
		preview.Resources, preview.Steps = child.Resources, child.Steps
	}
	return preview
}

// errStarted is the error of a second start.
var errStarted = errors.New("starting a prepared run: it was started before; prepare another one")

// Start records the run as queued and begins to execute exactly what was prepared.
// It does not read the environment again. Start can be called once: each further
// call returns an error, also if the first call failed. If the preparation has found
// faults, Start returns them.
//
// ctx limits the time of the launch only. The run goes on after ctx has ended. It is
// ended by [Run.Cancel] or [Launcher.Close].
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
	err := run.enqueue(ctx)
	close(run.queued)
	if err != nil {
		run.log.close()
		p.launcher.leave(run)
		return nil, fmt.Errorf("launching a run: %w", err)
	}
	p.launcher.begin(run, func() {})
	return run, nil
}

// begin begins to execute a run that is recorded, and calls ended after its end.
func (l *Launcher) begin(run *Run, ended func()) {
	run.ctx, run.told = run.tell(run.ctx, Activity{Kind: ActivityRun})
	go run.obeyRequests()
	go func() {
		defer l.line.move()
		defer l.leave(run)
		defer ended()
		run.execute()
	}()
}

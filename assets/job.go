package assets

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/internal/fault"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// Job is a named selection of assets, or a graph of ops. It can have defaults for
// its launch. A Job is immutable.
type Job struct {
	fx.Option
	definition *jobDefinition
}

// Name returns the job's name.
func (j Job) Name() string { return j.definition.name }

func (j Job) define(b *builder) { b.jobs = append(b.jobs, j.definition) }

type jobDefinition struct {
	name        string
	position    string
	selection   string
	ops         []*definition
	config      container.RunConfig
	tags        map[string]string
	timeout     time.Duration
	description string
	onCrash     CrashPolicy
	retries     int
	backoff     func(attempt int) time.Duration
	faults      []error
}

// JobPart is a part of a job: a [Selection], an [Op], or the result of
// [LaunchDefaults], [JobTag], [DescribeJob], [Timeout], [OnCrash] or [RetryRun].
type JobPart interface{ applyJob(*jobDefinition) }

type jobPartFunc func(*jobDefinition)

func (f jobPartFunc) applyJob(d *jobDefinition) { f(d) }

// NewJob makes a job. A job is a selection of assets:
//
//	assets.NewJob("nightly", assets.Select("+revenue"))
//
// or a graph of ops, which are connected to each other by type:
//
//	assets.NewJob("cleanup", assets.NewOp("find", FindOld), assets.NewOp("delete", Delete))
func NewJob(name string, parts ...JobPart) Job {
	definition := &jobDefinition{name: name}
	if _, file, line, ok := runtime.Caller(1); ok {
		definition.position = fmt.Sprintf("%s:%d", path.Base(file), line)
	}
	if err := checkKey(name); err != nil {
		definition.faults = append(definition.faults, err)
	}
	for _, part := range parts {
		if part == nil {
			definition.faults = append(definition.faults, errors.New("one of its parts is nil"))
			continue
		}
		part.applyJob(definition)
	}
	switch {
	case definition.selection == "" && len(definition.ops) == 0:
		definition.faults = append(definition.faults, fmt.Errorf(`it selects nothing: give assets.Select("*") for everything`))
	case definition.selection != "" && len(definition.ops) > 0:
		definition.faults = append(definition.faults, fmt.Errorf("it has a selection and ops: a job is of assets or of ops"))
	}
	job := Job{definition: definition}
	job.Option = option(job, definition.ops...)
	return job
}

// Selection is a selection of assets in the language that [Graph.Select]
// documents.
type Selection string

// Select returns the selection written as expression.
func Select(expression string) Selection { return Selection(expression) }

func (s Selection) applyJob(d *jobDefinition) {
	if d.selection != "" {
		d.faults = append(d.faults, fmt.Errorf("it has two selections, %q and %q: join them by or", d.selection, s))
		return
	}
	d.selection = string(s)
}

// LaunchDefaults gives the job a run config. A launch may override each field of
// it.
func LaunchDefaults(config container.RunConfig) JobPart {
	return jobPartFunc(func(d *jobDefinition) { d.config = d.config.Merge(config) })
}

// JobTag puts a tag on the job's runs.
func JobTag(name, value string) JobPart {
	return jobPartFunc(func(d *jobDefinition) {
		if d.tags == nil {
			d.tags = make(map[string]string)
		}
		d.tags[name] = value
	})
}

// DescribeJob says what the job is for.
func DescribeJob(text string) JobPart {
	return jobPartFunc(func(d *jobDefinition) { d.description = text })
}

// job is a job in the checked graph.
type job struct {
	*jobDefinition
	makers  []*maker // of ops
	targets []*container.Target
}

// addJobs checks jobs. sound says that the assets have no faults.
func (g *Graph) addJobs(definitions []*jobDefinition, sound bool) []error {
	var faults []error
	definitions = slices.Clone(definitions)
	slices.SortStableFunc(definitions, func(a, b *jobDefinition) int { return strings.Compare(a.name, b.name) })
	for _, definition := range definitions {
		if last := len(g.jobs) - 1; last >= 0 && g.jobs[last].name == definition.name {
			if g.jobs[last].jobDefinition != definition {
				faults = append(faults, fmt.Errorf("job %s is defined twice: at %s and at %s", definition.name, g.jobs[last].position, definition.position))
			}
			continue
		}
		j := &job{jobDefinition: definition}
		g.jobs = append(g.jobs, j)
		of := slices.Concat(definition.faults, g.addOps(j))
		if definition.selection != "" {
			selected, err := g.Select(definition.selection)
			if err == nil && len(selected) == 0 && len(g.nodes) > 0 {
				err = fmt.Errorf("its selection %q holds no asset", definition.selection)
			}
			of = append(of, fault.Of(err)...)
		}
		if sound && len(of) == 0 {
			of = g.checkDefaults(j)
		}
		for _, fault := range of {
			faults = append(faults, fmt.Errorf("job %s (%s): %w", j.name, j.position, fault))
		}
	}
	return faults
}

// addOps connects the ops of a job to each other, and to assets.
func (g *Graph) addOps(j *job) []error {
	makers, faults := g.makersOf(j.ops)
	ops := newScope(KindOp)
	for _, m := range makers {
		faults = append(faults, ops.add(m)...)
	}
	faults = append(faults, g.wireAll(makers, ops, g.assets)...)
	inOrder(makers)
	j.makers = makers
	for _, m := range makers {
		if m.target != nil {
			j.targets = append(j.targets, m.target)
		}
	}
	return faults
}

// checkDefaults checks what a launch of the job starts from.
func (g *Graph) checkDefaults(j *job) []error {
	targets := j.targets
	if j.selection != "" {
		targets = g.targets
	}
	_, err := g.container.LaunchJSON(j.config, container.Steps(targets...))
	faults := fault.Of(err)
	for i, fault := range faults {
		faults[i] = fmt.Errorf("its launch defaults: %w", fault)
	}
	return faults
}

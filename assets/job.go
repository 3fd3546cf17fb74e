package assets

import (
	"fmt"
	"path"
	"runtime"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/host"
)

// Job is a named selection of assets, with defaults for its launch. It is
// immutable.
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
	config      container.RunConfig
	tags        map[string]string
	description string
	faults      []error
}

// JobPart is a part of a job: a [Selection], [LaunchDefaults], [JobTag] or
// [DescribeJob].
type JobPart interface{ applyJob(*jobDefinition) }

type jobPartFunc func(*jobDefinition)

func (f jobPartFunc) applyJob(d *jobDefinition) { f(d) }

// NewJob names a selection of assets.
func NewJob(name string, parts ...JobPart) Job {
	definition := &jobDefinition{name: name}
	if _, file, line, ok := runtime.Caller(1); ok {
		definition.position = fmt.Sprintf("%s:%d", path.Base(file), line)
	}
	if err := checkKey(name); err != nil {
		definition.faults = append(definition.faults, err)
	}
	for _, part := range parts {
		part.applyJob(definition)
	}
	if definition.selection == "" {
		definition.faults = append(definition.faults, fmt.Errorf(`it selects nothing: give assets.Select("*") for everything`))
	}
	job := Job{definition: definition}
	job.Option = host.Option[Definition](Group, job, nil)
	return job
}

// Selection is a selection of assets in the language that [Graph.Select]
// documents.
type Selection string

// Select returns the selection written as expression.
func Select(expression string) Selection { return Selection(expression) }

func (s Selection) applyJob(d *jobDefinition) { d.selection = string(s) }

// LaunchDefaults gives the job run config that a launch may override, field by
// field.
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

package inspect

import (
	"slices"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// Job is a job in a list of jobs.
type Job struct {
	assets.JobDescription
	// Assets are the keys of the assets that the job makes. The list is empty for a
	// job of ops.
	Assets []string `json:"assets"`
}

// Jobs returns every job, sorted by name.
func (i *Inspector) Jobs() ([]Job, error) {
	jobs := []Job{}
	for _, job := range i.graph.Jobs() {
		var keys []string
		if len(job.Ops) == 0 {
			var err error
			if keys, err = i.graph.Select(job.Selection); err != nil {
				return nil, err
			}
		}
		jobs = append(jobs, Job{job, list(keys)})
	}
	return jobs, nil
}

// JobConfig returns the launch defaults of a job, in which the values of the run
// config replace the defaults. If the name is "", it returns the run config as it
// is.
func (i *Inspector) JobConfig(name string, config container.RunConfig) (container.RunConfig, error) {
	if name == "" {
		return config, nil
	}
	job, err := i.graph.Job(name)
	return job.Config.Merge(config), err
}

// KnownSteps returns an option with every step that a run config may configure.
// These are the steps of a launch of the job with the given name. If no job has the
// name, these are the steps of all assets and of all jobs of ops.
func (i *Inspector) KnownSteps(name string) container.ChildOption {
	if job, err := i.graph.Job(name); err == nil {
		return container.Steps(job.Plan.Known...)
	}
	targets := i.assetTargets()
	for _, job := range i.graph.Jobs() {
		if plan := i.opPlan(job); plan != nil {
			targets = append(targets, plan.Known...)
		}
	}
	return container.Steps(targets...)
}

// assetTargets returns the targets of the functions of all assets.
func (i *Inspector) assetTargets() []*container.Target {
	all, err := i.graph.Plan("*")
	if err != nil { // there are no assets
		return nil
	}
	return slices.Clone(all.Known)
}

// OtherSteps returns an option with the steps that a run config may configure
// although a launch of the job with the given name does not have them. If no job
// has the name, the option has no steps.
func (i *Inspector) OtherSteps(name string) container.ChildOption {
	job, err := i.graph.Job(name)
	if err != nil {
		return container.OtherSteps()
	}
	return container.OtherSteps(job.Plan.Others...)
}

// opPlan returns the plan of a job of ops. It is nil for a job of assets.
func (i *Inspector) opPlan(job assets.JobDescription) *assets.Plan {
	if len(job.Ops) == 0 {
		return nil
	}
	named, err := i.graph.Job(job.Name)
	if err != nil { // cannot happen, since the graph has just listed the job
		return nil
	}
	return named.Plan
}

package inspect

import (
	"slices"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// Job is a job in a list of jobs.
type Job struct {
	assets.JobDescription
	// Assets are the keys of the assets that the job makes; none of a job of ops.
	Assets []string `json:"assets"`
}

// Jobs returns every job, by name.
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

// JobConfig returns a run config laid over the launch defaults of the job with
// that name. Without a name it returns the run config as it is.
func (i *Inspector) JobConfig(name string, config container.RunConfig) (container.RunConfig, error) {
	if name == "" {
		return config, nil
	}
	job, err := i.graph.Job(name)
	return job.Config.Merge(config), err
}

// KnownSteps names every step that a run config may speak of: the steps of the
// launch of the job with that name, or, where no job has that name, the steps
// of all assets and of all jobs of ops.
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

// assetTargets are the targets of the functions of all assets.
func (i *Inspector) assetTargets() []*container.Target {
	all, err := i.graph.Plan("*")
	if err != nil { // there are no assets
		return nil
	}
	return slices.Clone(all.Known)
}

// OtherSteps names the steps that a run config may have sections for though the
// launch of the job with that name has no use for them; none without a job of
// that name.
func (i *Inspector) OtherSteps(name string) container.ChildOption {
	job, err := i.graph.Job(name)
	if err != nil {
		return container.OtherSteps()
	}
	return container.OtherSteps(job.Plan.Others...)
}

// opPlan is the plan of a job of ops; nil of a job of assets.
func (i *Inspector) opPlan(job assets.JobDescription) *assets.Plan {
	if len(job.Ops) == 0 {
		return nil
	}
	named, err := i.graph.Job(job.Name)
	if err != nil { // it was listed
		return nil
	}
	return named.Plan
}

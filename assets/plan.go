package assets

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/internal/fault"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/nearest"
)

// Plan says what a run has to do: it holds the steps and their order. A Plan is
// pure data and immutable, and may be executed any number of times.
type Plan struct {
	// Selection is the expression that the plan was made from. It is "" for a job
	// of ops.
	Selection string
	// Steps are in an order in which they may be executed: each step stands after
	// all of its Needs. Otherwise steps are sorted by key.
	Steps []*Step
	// Known are the targets of all steps, also of steps outside this plan, that the
	// steps section of a run config may name.
	Known []*container.Target
	// Others are the targets of the steps of other jobs. A run config may have
	// sections for them too, so that one file serves all jobs.
	Others []*container.Target
}

// Step is one function to be executed. It belongs to a [Plan], and must not be changed.
type Step struct {
	// Key is the key of the step: the key of its asset, or the name of its op.
	Key string
	// Kind is what the step's function is. The values of an op are no assets:
	// they are kept for their run alone.
	Kind Kind
	// Position is where the step is defined, as file:line.
	Position string
	// Needs are the keys of the plan's steps that must have succeeded before.
	Needs []string
	// Inputs are the upstream values that the function takes.
	Inputs []Input
	// Outputs are the values that the function makes.
	Outputs []Output
	// Retries is the number of further attempts that a failing step gets. Backoff
	// returns the wait before each of them, counted from 1. Nil means no wait.
	Retries int
	Backoff func(attempt int) time.Duration
	// Timeout limits the time of each attempt. 0 means no limit.
	Timeout time.Duration
	// Pools are the names of the pools in which the step needs a place, sorted: see
	// [Pool].
	Pools []string
	// StoredApart says that the outputs need not fit together: see [StoredApart].
	StoredApart bool

	maker *maker
}

// Output is a value that a step makes.
type Output struct {
	// Key is the asset's key; for an op, its name or the value's name tag.
	Key string
	// Kind is what makes it: an asset's value is stored for good, the value of
	// an op for one run.
	Kind Kind
	// Type is its Go type; nil where the function stores its data itself.
	Type reflect.Type
	// IO is the key of the IO manager that stores it; "" without a Type.
	IO string
	// Format is the format that is asked for; "" for the IO manager's own choice.
	Format string
	// CodeVersion is the version of the code that makes the value; "" if it is not
	// given.
	CodeVersion string
}

// Input is an upstream value that a step takes.
type Input struct {
	// Output is the upstream value, as it is stored.
	Output
	// As is the Go type in which it is wanted.
	As reflect.Type
	// Planned says that a step of the same plan makes the value. Otherwise an
	// earlier run has stored it.
	Planned bool
}

// Plan makes the plan of a selection. Upstream assets that are not selected are
// not computed; their stored values are loaded. Assets that one function makes
// are always computed together.
func (g *Graph) Plan(selection string) (*Plan, error) {
	selected, err := g.selectNodes(selection)
	if err != nil {
		return nil, err
	}
	var makers []*maker
	for _, n := range selected {
		if n.maker.nodes[0] == n {
			makers = append(makers, n.maker)
		}
	}
	plan := planOf(makers)
	plan.Selection, plan.Known, plan.Others = selection, g.targets, g.others(nil)
	return plan, nil
}

// Only returns the plan of a part of the steps, those with the given keys. What the
// other steps make is not computed; their stored values are loaded. Keys of steps that
// the plan does not have are ignored.
func (p *Plan) Only(keys []string) *Plan {
	var makers []*maker
	for _, step := range p.Steps {
		if slices.Contains(keys, step.Key) {
			makers = append(makers, step.maker)
		}
	}
	part := planOf(makers)
	part.Selection, part.Known, part.Others = p.Selection, p.Known, p.Others
	return part
}

// others are the targets of all ops, but for those of one job.
func (g *Graph) others(but *job) []*container.Target {
	var targets []*container.Target
	for _, j := range g.jobs {
		if j != but {
			targets = append(targets, j.targets...)
		}
	}
	return targets
}

// inOrder sorts functions so that each comes after all that it needs.
func inOrder(makers []*maker) {
	slices.SortFunc(makers, func(a, b *maker) int {
		if a.level != b.level {
			return a.level - b.level
		}
		return strings.Compare(a.key, b.key)
	})
}

func planOf(makers []*maker) *Plan {
	inOrder(makers)
	inPlan := make(map[*maker]bool, len(makers))
	for _, m := range makers {
		inPlan[m] = true
	}
	plan := new(Plan)
	for _, m := range makers {
		plan.Steps = append(plan.Steps, m.step(inPlan))
	}
	return plan
}

func (m *maker) step(inPlan map[*maker]bool) *Step {
	step := &Step{
		Key: m.key, Kind: m.kind, Position: m.position, Retries: m.retries, Backoff: m.backoff, Timeout: m.timeout, Pools: m.pools,
		StoredApart: m.apart, maker: m,
	}
	for _, upstream := range m.upstream {
		if inPlan[upstream] {
			step.Needs = append(step.Needs, upstream.key)
		}
	}
	for _, in := range m.inputs {
		step.Inputs = append(step.Inputs, Input{Output: in.from.describeOutput(), As: in.as, Planned: inPlan[in.from.maker]})
	}
	for _, n := range m.nodes {
		step.Outputs = append(step.Outputs, n.describeOutput())
	}
	return step
}

func (n *node) describeOutput() Output {
	described := Output{Key: n.key, Kind: n.maker.kind, Type: n.typ, CodeVersion: n.codeVersion}
	if n.typ != nil {
		described.IO, described.Format = n.io, n.format
	}
	return described
}

// Target is what the function of the step needs from a child container.
func (s *Step) Target() *container.Target { return s.maker.target }

// Function names the step's function, as in "flights.ComputeDelays".
func (s *Step) Function() string { return s.maker.function.Name }

// JobPlan is a job, ready to launch. Its fields may be set, but what they hold must not be
// changed, since the graph has it too.
type JobPlan struct {
	Name string
	Plan *Plan
	// Config is what a launch starts from.
	Config container.RunConfig
	// Tags are put on the run.
	Tags map[string]string
	// OnCrash is the policy for crashes; "" if the job has none.
	OnCrash CrashPolicy
	// Retries is how often a failed run is repeated. Backoff returns the wait before each
	// repetition, counted from 1. Nil means no wait.
	Retries int
	Backoff func(attempt int) time.Duration
	// Timeout limits the time of the run. 0 means no limit.
	Timeout time.Duration
}

// Job returns the plan of a job, with its launch defaults and tags. If there is
// no such job, the error names the most similar job and matches
// container.ErrInvalid.
func (g *Graph) Job(name string) (JobPlan, error) {
	names := make([]string, len(g.jobs))
	for i, j := range g.jobs {
		if j.name == name {
			plan, err := g.planJob(j)
			return JobPlan{
				Name: name, Plan: plan, Config: j.config, Tags: j.tags, Timeout: j.timeout, OnCrash: j.onCrash, Retries: j.retries, Backoff: j.backoff,
			}, err
		}
		names[i] = j.name
	}
	return JobPlan{}, fault.Join("choosing a job", []error{
		fmt.Errorf("there is no job %q%s", name, nearest.Suggestion(name, names)),
	})
}

func (g *Graph) planJob(j *job) (*Plan, error) {
	if len(j.makers) == 0 {
		return g.Plan(j.selection)
	}
	plan := planOf(slices.Clone(j.makers))
	plan.Known, plan.Others = j.targets, slices.Concat(g.targets, g.others(j))
	return plan, nil
}

package assets

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/nearest"
)

// Plan is what a run of a selection has to do: steps and the order between
// them. It is pure data, immutable, and may be executed any number of times.
type Plan struct {
	// Selection is the expression that the plan was made from.
	Selection string
	// Steps are in an order in which they may be executed: each after all of
	// its Needs, otherwise by key.
	Steps []*Step
}

// Step is one asset to be computed.
type Step struct {
	// Asset is the asset's key.
	Asset string
	// Needs are the keys of the plan's steps that must have succeeded before.
	Needs []string
	// Inputs are the upstream values that the function takes.
	Inputs []Input
	// Output is the Go type of the value; nil where the function stores its
	// data itself.
	Output reflect.Type
	// IO is the key of the IO manager that stores the value.
	IO string
	// Format is the format that the asset asks for; "" for the IO manager's
	// own choice.
	Format string

	node *node
}

// Input is an upstream value that a step takes.
type Input struct {
	// Asset is the upstream asset's key.
	Asset string
	// Type is the Go type in which the value is wanted.
	Type reflect.Type
	// IO and Format say where and how the upstream value is stored.
	IO, Format string
	// Planned says that a step of the same plan computes the value. Otherwise
	// it was stored by an earlier run.
	Planned bool
}

// Plan makes the plan of a selection. Upstream assets that are not selected
// are not computed: their stored values are loaded.
func (g *Graph) Plan(selection string) (*Plan, error) {
	selected, err := g.selectNodes(selection)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(selected, func(a, b *node) int {
		if a.level != b.level {
			return a.level - b.level
		}
		return strings.Compare(a.key, b.key)
	})
	inPlan := make(map[string]bool, len(selected))
	for _, n := range selected {
		inPlan[n.key] = true
	}
	plan := &Plan{Selection: selection}
	for _, n := range selected {
		plan.Steps = append(plan.Steps, g.step(n, inPlan))
	}
	return plan, nil
}

func (g *Graph) step(n *node, inPlan map[string]bool) *Step {
	step := &Step{Asset: n.key, Output: n.output, IO: n.io, Format: n.format, node: n}
	for _, upstream := range n.upstream {
		if inPlan[upstream.key] {
			step.Needs = append(step.Needs, upstream.key)
		}
	}
	for _, input := range n.inputs {
		upstream := g.byKey[input.Asset]
		input.IO, input.Format, input.Planned = upstream.io, upstream.format, inPlan[input.Asset]
		step.Inputs = append(step.Inputs, input)
	}
	return step
}

// Target is what the step's function needs of a child container.
func (s *Step) Target() *container.Target { return s.node.target }

// Function names the step's function, as in "flights.ComputeDelays".
func (s *Step) Function() string { return s.node.function.Name }

// Call is what a step's function is called with.
type Call struct {
	// Context ends when the step is cancelled.
	Context context.Context
	// Step tells the function about the step.
	Step *Context
	// Arguments are what a child gives for the step's Target.
	Arguments []reflect.Value
	// Inputs are the values of the step's Inputs.
	Inputs []reflect.Value
}

// Call calls the step's function and returns the asset's value; the zero
// reflect.Value where the function stores its data itself. It panics where the
// function does.
func (s *Step) Call(call Call) (reflect.Value, error) {
	arguments := make([]reflect.Value, len(s.node.params))
	for i, p := range s.node.params {
		switch p.kind {
		case inputParam:
			arguments[i] = call.Inputs[p.at]
		case containerParam:
			arguments[i] = call.Arguments[p.at]
		default:
			arguments[i] = own(s.node.function.Params[i].Type, call)
		}
	}
	results, err := s.node.function.Call(arguments)
	if err != nil || len(results) == 0 {
		return reflect.Value{}, err
	}
	return results[0], nil
}

// own is what a step itself gives to its function.
func own(t reflect.Type, call Call) reflect.Value {
	switch t {
	case contextType:
		return reflect.ValueOf(call.Context)
	case stepContextType:
		return reflect.ValueOf(call.Step)
	default:
		return reflect.ValueOf((*slog.Logger)(call.Step.Logger()))
	}
}

// Job returns the plan of a job, with its launch defaults and tags. The error
// names the nearest job and matches container.ErrInvalid.
func (g *Graph) Job(name string) (JobPlan, error) {
	for _, job := range g.jobs {
		if job.name != name {
			continue
		}
		plan, err := g.Plan(job.selection)
		return JobPlan{Name: name, Plan: plan, Config: job.config, Tags: job.tags}, err
	}
	names := make([]string, len(g.jobs))
	for i, job := range g.jobs {
		names[i] = job.name
	}
	return JobPlan{}, container.JoinFaults("choosing a job", []error{
		fmt.Errorf("there is no job %q%s", name, nearest.Suggestion(name, names)),
	})
}

// JobPlan is a job, ready to launch.
type JobPlan struct {
	Name string
	Plan *Plan
	// Config is what a launch starts from.
	Config container.RunConfig
	// Tags are put on the run. Read only.
	Tags map[string]string
}

package container

import (
	"github.com/fxrun/fxrun/internal/graph"
)

// Target is a function whose parameters a child provides: what makes a
// resource needed. It is immutable, belongs to one container, and may be used
// in any number of its children at once.
type Target graph.Target

// TargetOption says more about a target. See [StepConfig] and [StepMakes].
type TargetOption = graph.TargetOption

// StepConfig makes the target a step with a config of its own: a struct, by
// value, of the type that the target's function takes as a plain parameter. It
// is as [Config] is for a resource, with the same layers, tags and options; a
// run config gives it under the step's key, as in
// "steps.raw/orders.config.limit". Where a resource or the host application
// gives the same type, the step gets its config all the same.
//
// The key may hold letters, digits, _, -, . and /. A nil value makes a step
// without config, of which a run config may say nothing: its error then tells
// a step without config from a mistyped key.
//
// A child fills in the parameter with a config of its own for each call of
// [Child.Arguments] and [Child.Call]: slices, maps and pointers in its fields
// are copied.
func StepConfig(key string, value any, opts ...ConfigOption) TargetOption {
	return graph.StepConfig(key, value, opts)
}

// Target checks a function against the graph: its parameters are resources,
// values of the host application, context.Context (the child's), *slog.Logger
// and [RunInfo], plain or as fields of an fx.In struct, and the config that
// [StepConfig] gives. name says in errors what needs them, as in "asset orders".
//
// The error is a *[Faults] with every parameter that can't be provided, and
// with what is wrong with the config.
func (c *Container) Target(name string, fn any, opts ...TargetOption) (*Target, error) {
	target, err := c.parent().Graph().FunctionTarget(name, fn, opts)
	return (*Target)(target), err
}

// Name returns what the target was called.
func (t *Target) Name() string { return t.checked().Name() }

// Resources returns the keys of the resources that the target asks for itself,
// sorted.
func (t *Target) Resources() []string { return t.checked().Resources() }

// Replaced returns the keys of the resources that the target would ask for, had
// the host application no values in their place, sorted.
func (t *Target) Replaced() []string { return t.checked().Replaced() }

// LivesPerStep reports whether the target needs, directly or further down, a
// resource that lives per step: it is then for nested children to give it out.
func (t *Target) LivesPerStep() bool { return t.checked().LivesPerStep() }

// checked is the target as the packages of fxrun know it.
func (t *Target) checked() *graph.Target { return (*graph.Target)(t) }

func checkedTargets(targets []*Target) []*graph.Target {
	checked := make([]*graph.Target, len(targets))
	for i, t := range targets {
		checked[i] = t.checked()
	}
	return checked
}

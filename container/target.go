package container

import (
	"github.com/fxrun/fxrun/internal/graph"
)

// Target is a function whose parameters a child provides. A child starts the
// resources that its targets need. A Target is immutable and belongs to one
// container. It may be used in any number of the container's children at once.
type Target graph.Target

// TargetOption says more about a target. See [StepConfig].
type TargetOption = graph.TargetOption

// StepConfig makes the target a step with a config of its own. value is a struct,
// given by value, of the type that the function of the target takes as a plain
// parameter. It is for a step what [Config] is for a resource, with the same
// layers, tags and options. A run config gives it under the key of the step, as in
// "steps.raw/orders.config.limit". If a resource or the host application gives the
// same type, the step gets its config all the same.
//
// The key may hold letters, digits, _, -, . and /. A nil value makes a step
// without config. A run config must not configure such a step, and the error then
// differs from the one for a mistyped key.
//
// Each [Child.Call] gets a config of its own: slices, maps and pointers in its
// fields are copied.
func StepConfig(key string, value any, opts ...ConfigOption) TargetOption {
	return graph.StepConfig(key, value, opts)
}

// Target checks a function against the graph. The parameters of the function may
// be resources, values of the host application, context.Context (the context of
// the child), *slog.Logger, [RunInfo], and the config that [StepConfig] gives. All
// but the last may also be fields of an fx.In struct. In errors, name says what
// needs them, as in "asset orders".
//
// The error is a *[Faults] with every parameter that nothing provides, and with
// what is wrong with the config.
func (c *Container) Target(name string, fn any, opts ...TargetOption) (*Target, error) {
	target, err := c.parent().Graph().FunctionTarget(name, fn, opts)
	return (*Target)(target), err
}

// Name returns what the target was called.
func (t *Target) Name() string { return t.checked().Name() }

// Resources returns the sorted keys of the resources that the function of the
// target itself takes.
func (t *Target) Resources() []string { return t.checked().Resources() }

// Replaced returns the sorted keys of the resources that the function would take
// if the host application had no values in their place.
func (t *Target) Replaced() []string { return t.checked().Replaced() }

// LivesPerStep reports whether the target needs, itself or through other
// resources, a resource that lives per step. Only nested children can then call
// the target.
func (t *Target) LivesPerStep() bool { return t.checked().LivesPerStep() }

// checked is the target as the packages of fxrun know it.
func (t *Target) checked() *graph.Target { return (*graph.Target)(t) }

// checkedTargets are targets as the packages of fxrun know them.
func checkedTargets(targets []*Target) []*graph.Target {
	checked := make([]*graph.Target, len(targets))
	for i, t := range targets {
		checked[i] = t.checked()
	}
	return checked
}

package graph

import (
	"log/slog"
	"slices"
	"sync"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// Target is a function whose parameters a child provides. Resources are needed
// because targets ask for them. A target is immutable, belongs to one
// container, and may be used in any number of its children at once.
type Target struct {
	graph    *Graph
	name     string
	function signature.Func
	inputs   []Input
	needs    []*Node
	step     *Step    // nil for a target that is not a step of a run
	makes    []string // see StepMakes
	place    any      // see StandsAt
	body     any      // see WithBody
	faults   []error

	isKey bool      // it needs a resource itself, and takes no value; see keyTarget
	asked sync.Once // see needed
	asks  []Ask
}

// FunctionTarget reads the signature of a function and checks it against the
// graph.
func (g *Graph) FunctionTarget(name string, fn any, opts []TargetOption) (*Target, error) {
	function, err := signature.Of(fn)
	if err != nil {
		return nil, fault.Join("checking "+name, []error{err})
	}
	return g.NewTarget(name, function, opts)
}

// NewTarget checks a function against the graph. Packages that call their
// function themselves give only its parameters. This costs a fifth of the time
// that it takes to make a function of them, which matters for ten thousand
// targets.
func (g *Graph) NewTarget(name string, function signature.Func, opts []TargetOption) (*Target, error) {
	t := &Target{graph: g, name: name, function: function, inputs: make([]Input, len(function.Params))}
	for _, opt := range opts {
		if opt == nil {
			t.faults = append(t.faults, fault.Errorf("one of its options is nil"))
			continue
		}
		opt.applyTarget(t)
	}
	faults := append(t.faults, t.checkStep()...)
	for i, param := range function.Params {
		if t.isConfig(i) {
			t.inputs[i] = Input{Kind: ConfigInput}
			continue
		}
		hint := lackingInHost
		if t.step != nil && !t.hasConfig() && looksLikeConfig(param.Type) {
			hint = "; if it is the step's config, give the step one"
		}
		bound, err := g.bind(param, t.place, hint)
		if err == nil && bound.Kind == LifecycleInput {
			err = fault.Errorf("it needs fx.Lifecycle, which only constructors of resources have")
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		t.inputs[i] = bound
		for _, p := range bound.providers {
			t.needs = append(t.needs, p.Node)
		}
	}
	if len(faults) > 0 {
		return nil, fault.Join("checking "+name, faults)
	}
	return t, nil
}

// Name returns the name that the target was given.
func (t *Target) Name() string { return t.name }

// Function returns the function of the target, or only its parameters.
func (t *Target) Function() signature.Func { return t.function }

// WithBody keeps a function with the target, for the packages above this one. Of the
// target of a step it is what executes the step, as package assets defines it.
func WithBody(body any) TargetOption {
	return targetOptionFunc(func(t *Target) { t.body = body })
}

// Body returns the function that [WithBody] has kept; nil if there is none.
func (t *Target) Body() any { return t.body }

// Inputs say how the parameters of the function get their values, in order.
func (t *Target) Inputs() []Input { return t.inputs }

// Needs returns the resources that the target asks for itself.
func (t *Target) Needs() []*Node { return t.needs }

// Step returns the step that the target is, or nil if it is not a step.
func (t *Target) Step() *Step { return t.step }

// ModuleLogger returns the logger of the module of the host application where the
// definition of the target stands, see [Graph.ModuleLogger].
func (t *Target) ModuleLogger() *slog.Logger { return t.graph.ModuleLogger(t.place) }

// IsKey reports whether the target needs a resource itself, and takes no value.
func (t *Target) IsKey() bool { return t.isKey }

// Needed returns the values that the target gets from resources and from the
// host application.
func (t *Target) Needed() []Ask {
	t.asked.Do(func() { t.asks = t.graph.asks(t.inputs) })
	return t.asks
}

// Resources returns the sorted keys of the resources that the target asks for
// itself.
func (t *Target) Resources() []string {
	keys := make([]string, len(t.needs))
	for i, n := range t.needs {
		keys[i] = n.Key
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Replaced returns the sorted keys of the resources that the target would ask
// for if the host application had no values in their place.
func (t *Target) Replaced() []string { return t.graph.replacedNeeds(t.inputs) }

// replacedNeeds returns the sorted keys of the resources whose place is taken
// by values of the host application among the inputs.
func (g *Graph) replacedNeeds(inputs []Input) []string {
	var keys []string
	for _, in := range inputs {
		if in.Kind != hostInput {
			continue
		}
		for _, p := range g.providers[in.param.Key] {
			keys = append(keys, p.Node.Key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// LivesPerStep reports whether the target needs a resource that lives per step,
// directly or through other resources. Only nested children can then call the
// target.
func (t *Target) LivesPerStep() bool {
	// A resource that needs a resource which lives per step lives per step
	// itself.
	return slices.ContainsFunc(t.needs, func(n *Node) bool { return n.Lifetime == resource.LifetimeStep })
}

// TargetOf returns a target that needs one resource itself. It is made once,
// because children that start a resource by its key are opened again and again.
func (g *Graph) TargetOf(key string) (*Target, error) {
	n, ok := g.ByKey[key]
	if !ok {
		return nil, fault.Errorf("there is no resource %q%s", key, nearest.SuggestionAmong(key, g.Nodes, func(n *Node) string { return n.Key }))
	}
	n.aimed.Do(func() { n.target = g.newKeyTarget(n) })
	return n.target, nil
}

func (g *Graph) newKeyTarget(n *Node) *Target {
	t := &Target{graph: g, name: "resource " + n.Key, needs: []*Node{n}, isKey: true}
	param := signature.Param{Key: g.Canonical(Provider{Node: n})}
	bound := Input{Kind: providerInput, param: param, providers: []Provider{{Node: n}}}
	for _, answer := range n.Answers() {
		if value, replaced := n.stand[answer.Key]; replaced {
			bound, t.needs = Input{Kind: hostInput, param: signature.Param{Key: answer.Key}, value: value}, nil
			break
		}
	}
	t.inputs = []Input{bound}
	return t
}

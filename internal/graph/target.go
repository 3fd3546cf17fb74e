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

// Target is a function whose parameters a child provides: what makes a
// resource needed. It is immutable, belongs to one container, and may be used
// in any number of its children at once.
type Target struct {
	graph    *Graph
	name     string
	function signature.Func
	inputs   []Input
	needs    []*Node
	step     *Step    // nil for one that is no step of a run
	makes    []string // see StepMakes
	place    any      // see StandsAt
	body     any      // see WithBody
	faults   []error

	isKey bool      // it needs a resource as such, and takes no value; see keyTarget
	asked sync.Once // see needed
	asks  []Ask
}

// FunctionTarget takes a function apart and checks it against the graph.
func (g *Graph) FunctionTarget(name string, fn any, opts []TargetOption) (*Target, error) {
	function, err := signature.Of(fn)
	if err != nil {
		return nil, fault.Join("checking "+name, []error{err})
	}
	return g.NewTarget(name, function, opts)
}

// NewTarget checks a function against the graph. Packages that call a function
// by themselves give its parameters alone, which costs a fifth of making a
// function of them: it matters where there are ten thousand.
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

// Name returns what the target was called.
func (t *Target) Name() string { return t.name }

// Function returns the target's function, or its parameters alone.
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

// Step returns what makes the target a step; nil where nothing does.
func (t *Target) Step() *Step { return t.step }

// ModuleLogger returns the logger of the module of the host application where the
// target's definition stands, see [Graph.ModuleLogger].
func (t *Target) ModuleLogger() *slog.Logger { return t.graph.ModuleLogger(t.place) }

// IsKey reports whether the target needs a resource as such, and takes no value.
func (t *Target) IsKey() bool { return t.isKey }

// Needed is what the target gets from resources and from the host application.
func (t *Target) Needed() []Ask {
	t.asked.Do(func() { t.asks = t.graph.asks(t.inputs) })
	return t.asks
}

// Resources returns the keys of the resources that the target asks for itself,
// sorted.
func (t *Target) Resources() []string {
	keys := make([]string, len(t.needs))
	for i, n := range t.needs {
		keys[i] = n.Key
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Replaced returns the keys of the resources that the target would ask for, had
// the host application no values in their place, sorted.
func (t *Target) Replaced() []string { return t.graph.replacedNeeds(t.inputs) }

// replacedNeeds are the keys of the resources for which values of the host
// application stand in among the inputs, sorted.
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

// LivesPerStep reports whether the target needs, directly or further down, a
// resource that lives per step: it is then for nested children to give it out.
func (t *Target) LivesPerStep() bool {
	// What needs a resource that lives per step lives per step itself.
	return slices.ContainsFunc(t.needs, func(n *Node) bool { return n.Lifetime == resource.LifetimeStep })
}

// TargetOf needs one resource as such. It is made once: children that start a
// resource by its key are opened again and again.
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

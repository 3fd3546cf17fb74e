package container

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/signature"
)

// Target is a function whose parameters a child provides: what makes a
// resource needed. It is immutable, belongs to one container, and may be used
// in any number of its children at once.
type Target struct {
	container *Container
	name      string
	function  signature.Func
	inputs    []input
	needs     []*node
	step      *step    // nil for one that is no step of a run
	makes     []string // see StepMakes
	faults    []error

	isKey     bool      // it needs a resource as such, and takes no value; see keyTarget
	asked     sync.Once // see answers
	asks      []ask
	built     sync.Once // see bound
	invoke    fx.Option
	own       sync.Once // see direct
	ownInvoke fx.Option
}

// Target checks a function against the graph: its parameters are resources,
// values of the host application, context.Context (the child's), *slog.Logger
// and [RunInfo], plain or as fields of an fx.In struct, and the config that
// [StepConfig] gives. name says in errors what needs them, as in "asset orders".
//
// The error is a *[Faults] with every parameter that can't be provided, and
// with what is wrong with the config.
func (c *Container) Target(name string, fn any, opts ...TargetOption) (*Target, error) {
	function, err := functionOf(fn)
	if err != nil {
		return nil, fault.Join("checking "+name, []error{err})
	}
	t := &Target{container: c, name: name, function: function, inputs: make([]input, len(function.Params))}
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
			t.inputs[i] = input{kind: configInput}
			continue
		}
		hint := lackingInHost
		if t.step != nil && !t.hasConfig() && looksLikeConfig(param.Type) {
			hint = "; if it is the step's config, give the step one"
		}
		bound, err := c.bind(param, hint)
		if err == nil && bound.kind == lifecycleInput {
			err = fault.Errorf("it needs fx.Lifecycle, which only constructors of resources have")
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		t.inputs[i] = bound
		for _, p := range bound.providers {
			t.needs = append(t.needs, p.node)
		}
	}
	if len(faults) > 0 {
		return nil, fault.Join("checking "+name, faults)
	}
	return t, nil
}

// functionOf takes a target's function apart. Packages of fxrun that call their
// functions by themselves give parameters alone, which costs a fifth of making
// a function of them: it matters where there are ten thousand.
func functionOf(fn any) (signature.Func, error) {
	if params, ok := fn.([]signature.Param); ok {
		return signature.Func{Params: params}, nil
	}
	return signature.Of(fn)
}

// bound makes the target an Invoke of every child that it is given to: Fx builds
// the arguments, and the function is called with them later, once everything
// has started. It does its work once, when a child is first given the target:
// most of a large graph is never run in one process.
func (t *Target) bound() fx.Option {
	t.built.Do(func() {
		t.invoke = invoke(signature.Make(paramsOf(t.needed()), nil, func(params []reflect.Value) ([]reflect.Value, error) {
			params[0].Interface().(*childState).bind(t, params[1:])
			return nil, nil
		}))
	})
	return t.invoke
}

// direct is as bound, for a child whose resources Fx has not built: the Invoke
// takes the values from the child's state, in which no option of Fx can have
// replaced them.
func (t *Target) direct() fx.Option {
	t.own.Do(func() {
		t.ownInvoke = invoke(func(state *childState) {
			values := make([]reflect.Value, len(t.needed()))
			for i, a := range t.needed() {
				values[i] = state.value(a)
			}
			state.bind(t, values)
		})
	})
	return t.ownInvoke
}

// needed is what the target gets from resources and from the host application.
func (t *Target) needed() []ask {
	t.asked.Do(func() { t.asks = t.container.asks(t.inputs) })
	return t.asks
}

// bind keeps the arguments of a target's function.
func (s *childState) bind(t *Target, values []reflect.Value) {
	s.bound[t] = arrange(t.inputs, values, func(kind inputKind) reflect.Value {
		if kind == configInput {
			return reflect.Value{} // see Child.Arguments
		}
		return s.own(kind)
	})
}

// Name returns what the target was called.
func (t *Target) Name() string { return t.name }

// Resources returns the keys of the resources that the target asks for itself,
// sorted.
func (t *Target) Resources() []string {
	keys := make([]string, len(t.needs))
	for i, n := range t.needs {
		keys[i] = n.key
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Replaced returns the keys of the resources that the target would ask for, had
// the host application no values in their place, sorted.
func (t *Target) Replaced() []string { return t.container.replacedNeeds(t.inputs) }

// replacedNeeds are the keys of the resources for which values of the host
// application stand in among the inputs, sorted.
func (c *Container) replacedNeeds(inputs []input) []string {
	var keys []string
	for _, in := range inputs {
		if in.kind != hostInput {
			continue
		}
		for _, p := range c.providers[in.param.Key] {
			keys = append(keys, p.node.key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// LivesPerStep reports whether the target needs, directly or further down, a
// resource that lives per step: it is then for nested children to give it out.
func (t *Target) LivesPerStep() bool {
	// What needs a resource that lives per step lives per step itself.
	return slices.ContainsFunc(t.needs, func(n *node) bool { return n.lifetime == LifetimeStep })
}

// Providers returns the keys of the resources that give type t, under name
// where that is not empty, sorted.
func (c *Container) Providers(t reflect.Type, name string) []string {
	var keys []string
	for _, p := range c.providers[signature.Key{Type: t, Name: name}] {
		keys = append(keys, p.node.key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// HostProvides reports whether the host application has a value of type t,
// under name where that is not empty.
func (c *Container) HostProvides(t reflect.Type, name string) bool {
	_, ok := c.host[signature.Key{Type: t, Name: name}]
	return ok
}

// Has reports whether there is a resource with the key.
func (c *Container) Has(key string) bool {
	_, ok := c.byKey[key]
	return ok
}

// keyTarget needs one resource as such. It is made once: children that start a
// resource by its key are opened again and again.
func (c *Container) keyTarget(key string) (*Target, error) {
	n, ok := c.byKey[key]
	if !ok {
		return nil, fault.Errorf("there is no resource %q%s", key, nearest.SuggestionAmong(key, c.nodes, func(n *node) string { return n.key }))
	}
	n.aimed.Do(func() { n.target = c.targetOf(n) })
	return n.target, nil
}

func (c *Container) targetOf(n *node) *Target {
	t := &Target{container: c, name: "resource " + n.key, needs: []*node{n}, isKey: true}
	canonical := c.canonical(provider{node: n})
	param := signature.Param{Key: canonical}
	bound := input{kind: providerInput, param: param, providers: []provider{{node: n}}}
	if value, replaced := c.replaced(canonical); replaced {
		bound, t.needs = input{kind: hostInput, param: param, value: value}, nil
	}
	t.inputs = []input{bound}
	return t
}

// closure returns the resources that the targets need, directly and further
// down, in the order in which they may start: by level, then by key.
func closure(targets []*Target) []*node {
	var roots []*node
	for _, target := range targets {
		roots = append(roots, target.needs...)
	}
	return closureOf(roots)
}

// closureOf returns resources with all that they need.
func closureOf(roots []*node) []*node {
	seen := make(map[*node]bool)
	var nodes []*node
	var visit func(n *node)
	visit = func(n *node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, need := range n.needs {
			visit(need)
		}
		nodes = append(nodes, n)
	}
	for _, n := range roots {
		visit(n)
	}
	slices.SortFunc(nodes, compareStart)
	return nodes
}

func compareStart(a, b *node) int {
	if a.level != b.level {
		return a.level - b.level
	}
	return strings.Compare(a.key, b.key)
}

// canonical is the key under which a child's Fx graph holds a result; other
// keys that answer to it are forwarded. It is the plain type wherever that is
// unambiguous, so that fx.Replace with a bare value reaches every consumer.
func (c *Container) canonical(p provider) signature.Key {
	result := p.node.function.Results[p.result]
	switch {
	case result.Group != "":
		name := fmt.Sprintf("fxrun: member of group %s by resource %s, result %d", result.Group, p.node.key, p.result)
		return signature.Key{Type: memberType(result), Name: name}
	case result.Name != "" || len(c.providers[result.Key]) == 1:
		return result.Key
	}
	return signature.Key{Type: result.Type, Name: p.node.key}
}

// resultKey is the key that a constructor's result has in a child's Fx graph:
// the canonical one, or one that nobody asks for where the host application has
// another value in its place.
func (c *Container) resultKey(p provider) signature.Key {
	key := c.canonical(p)
	if _, replaced := c.replaced(key); replaced {
		key.Name = fmt.Sprintf("fxrun: replaced result %d of resource %s", p.result, p.node.key)
	}
	return key
}

// memberType is the type that a group's member has in the graph: a flattened
// slice stays a slice until the consumer gets it.
func memberType(result signature.Result) reflect.Type {
	if result.Flatten {
		return reflect.SliceOf(result.Type)
	}
	return result.Type
}

package container

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/signature"
)

// Container is a checked graph of resources. Each child that it opens builds
// its own instances; only those that live per process are the container's, and
// a container that has any must be closed. It is safe for concurrent use.
type Container struct {
	nodes     []*node // by key
	byKey     map[string]*node
	providers map[signature.Key][]provider
	host      map[signature.Key]reflect.Value
	supplies  sync.Map // signature.Key -> fx.Option, see supply
	forwards  sync.Map // a pair of signature.Key -> fx.Option, see forward
	process   *processScope
	eager     []*node                // by key
	secrets   config.SecretVariables // of resources
	shapes    config.Shapes
}

// node is a resource in the checked graph.
type node struct {
	*resourceDefinition
	config *config.Definition // the definition's, taken apart; nil without one
	inputs []input            // one for each parameter of the constructor
	needs  []*node            // what must have started before, each once
	level  int                // 0 where nothing is needed, else one more than the deepest need

	wrapper wrapper
	aimed   sync.Once
	target  *Target // that needs the resource as such, see keyTarget
}

// provider is a result of a resource that answers a key.
type provider struct {
	node   *node
	result int
}

// builder gathers definitions for New.
type builder struct {
	resources []*resourceDefinition
	host      []host.Value
}

type hostValues struct {
	fx.Option
	values []host.Value
}

func (h hostValues) define(b *builder) { b.host = append(b.host, h.values...) }

// FromHost is the definition of values that a host application has for its
// children. Package fxrun makes it; programs have no need to.
func FromHost(values []host.Value) Definition {
	return hostValues{Option: fx.Options(), values: values}
}

// New builds the graph of all resources from the signatures of their
// constructors and checks it. No constructor is called and no environment is
// read. The order of definitions does not matter; nil ones are left out.
//
// The error is a *[Faults] with everything that is wrong, all at once: keys
// given twice, missing and ambiguous types, cycles with their whole path,
// unreadable signatures and configs.
func New(definitions ...Definition) (*Container, error) {
	b := new(builder)
	var faults []error
	for _, definition := range definitions {
		resource, ok := definition.(Resource)
		switch {
		case definition == nil:
		case ok && resource.definition == nil:
			faults = append(faults, fault.Errorf("one of the definitions is the zero Resource: container.Provide and container.Supply make resources"))
		default:
			definition.define(b)
		}
	}
	c := &Container{
		byKey:     make(map[string]*node, len(b.resources)),
		providers: make(map[signature.Key][]provider, 2*len(b.resources)),
		host:      make(map[signature.Key]reflect.Value, len(b.host)),
		process:   newProcessScope(),
	}
	for _, value := range b.host {
		c.host[value.Key] = value.Value
	}
	faults = append(faults, c.addNodes(b.resources)...)
	for _, n := range c.nodes {
		faults = append(faults, c.bindNode(n)...)
	}
	faults = append(faults, c.findCycles()...)
	faults = append(faults, c.checkLifetimes()...)
	if err := fault.Join("building the container", faults); err != nil {
		return nil, err
	}
	c.setLevels()
	c.secrets = c.secretVariables()
	for _, n := range c.nodes {
		if n.eager {
			c.eager = append(c.eager, n)
		}
	}
	return c, nil
}

func (c *Container) addNodes(definitions []*resourceDefinition) []error {
	var faults []error
	definitions = slices.Clone(definitions)
	slices.SortStableFunc(definitions, func(a, b *resourceDefinition) int { return strings.Compare(a.key, b.key) })
	for _, definition := range definitions {
		if first, ok := c.byKey[definition.key]; ok {
			if first.resourceDefinition == definition { // one value, given twice
				continue
			}
			faults = append(faults, fault.Errorf("resource %s is defined twice: at %s and at %s", definition.key, first.position, definition.position))
			continue
		}
		n := &node{resourceDefinition: definition}
		if definition.config != nil { // a definition may be in several containers
			n.config = definition.config.Clone()
		}
		c.byKey[definition.key] = n
		c.nodes = append(c.nodes, n)
		for _, fault := range n.check(&c.shapes) {
			faults = append(faults, n.faultf("%w", fault))
		}
		for _, provided := range n.provided() {
			c.providers[provided.key] = append(c.providers[provided.key], provider{n, provided.result})
		}
	}
	return append(faults, c.checkNames()...)
}

// faultf names the resource and where it is defined.
func (n *node) faultf(format string, args ...any) error {
	return fault.Errorf("resource %s (%s): "+format, append([]any{n.key, n.position}, args...)...)
}

// check looks at the resource by itself.
func (n *node) check(shapes *config.Shapes) []error {
	faults := slices.Clone(n.faults)
	for _, t := range n.as {
		if len(n.function.Results) > 0 && !n.function.Results[0].Type.Implements(t) {
			faults = append(faults, fault.Errorf("container.As[%s]: %s does not implement it", t, n.function.Results[0].Type))
		}
	}
	for i, result := range n.function.Results {
		same := func(other signature.Result) bool { return other.Key == result.Key }
		if result.Group == "" && slices.IndexFunc(n.function.Results, same) < i {
			faults = append(faults, fault.Errorf("its constructor gives %s twice: give them names in an fx.Out struct", result.Key))
		}
	}
	if err := n.checkHealth(); err != nil {
		faults = append(faults, err)
	}
	if n.config == nil {
		return faults
	}
	faults = append(faults, n.config.Analyse(shapes)...)
	taken := slices.ContainsFunc(n.function.Params, func(p signature.Param) bool { return n.isConfig(p.Key) })
	switch {
	case taken || n.function.Name == "" || n.config.Type() == nil:
	case n.supplied:
		faults = append(faults, fault.Errorf("it has a config, for which a supplied value has no use"))
	default:
		faults = append(faults, fault.Errorf("its config is a %s, but its constructor %s does not take one", n.config.Type(), n.function.Name))
	}
	return faults
}

// checkNames reports names of fx.Out fields that two resources give to one type.
func (c *Container) checkNames() []error {
	var faults []error
	for key, providers := range c.providers {
		another := func(p provider) bool { return p.node != providers[0].node }
		if key.Name != "" && slices.ContainsFunc(providers, another) {
			faults = append(faults, fault.Errorf("%s is given by %s: names must differ", key, keysOf(providers)))
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

func keysOf(providers []provider) string {
	keys := make([]string, len(providers))
	for i, p := range providers {
		keys[i] = "resource " + p.node.key
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), " and ")
}

func (c *Container) bindNode(n *node) []error {
	var faults []error
	n.inputs = make([]input, len(n.function.Params))
	for i, param := range n.function.Params {
		if n.isConfig(param.Key) {
			n.inputs[i] = input{kind: configInput}
			continue
		}
		hint := lackingInHost
		if n.config == nil && looksLikeConfig(param.Type) {
			hint = "; if it is the resource's config, give it by container.Config"
		}
		bound, err := c.bind(param, hint)
		if err != nil {
			faults = append(faults, n.faultf("%w", err))
			continue
		}
		n.inputs[i] = bound
		for _, p := range bound.providers {
			if !slices.Contains(n.needs, p.node) {
				n.needs = append(n.needs, p.node)
			}
		}
	}
	slices.SortFunc(n.needs, func(a, b *node) int { return strings.Compare(a.key, b.key) })
	return faults
}

func looksLikeConfig(t reflect.Type) bool { return t.Kind() == reflect.Struct }

type inputKind int

const (
	absentInput    inputKind = iota // optional, and nobody provides it
	providerInput                   // a result of one resource
	groupInput                      // results of several
	hostInput                       // a value of the host application
	configInput                     // the resource's own config
	contextInput                    // the child's context
	lifecycleInput                  // the resource's own fx.Lifecycle
	loggerInput                     // the resource's own *slog.Logger
	runInfoInput                    // the child's RunInfo
)

// input is how a parameter gets its value.
type input struct {
	kind      inputKind
	param     signature.Param
	providers []provider
	value     reflect.Value // hostInput
}

var (
	contextType   = reflect.TypeFor[context.Context]()
	lifecycleType = reflect.TypeFor[fx.Lifecycle]()
	loggerType    = reflect.TypeFor[*slog.Logger]()
	runInfoType   = reflect.TypeFor[RunInfo]()
)

// builtin returns the kind of the types that every child has by itself.
func builtin(t reflect.Type) (inputKind, bool) {
	switch t {
	case contextType:
		return contextInput, true
	case lifecycleType:
		return lifecycleInput, true
	case loggerType:
		return loggerInput, true
	case runInfoType:
		return runInfoInput, true
	}
	return absentInput, false
}

func isBuiltin(t reflect.Type) bool {
	_, ok := builtin(t)
	return ok
}

// lackingInHost is what a missing type may be due to, where nothing is like it.
const lackingInHost = ": container.Provide makes a resource of it; if the host application provides it already, something that it is built from is missing there, or it is a zero value, which counts as none"

// bind finds what answers a parameter. hint ends the error where nothing does,
// and nothing is like it.
func (c *Container) bind(param signature.Param, hint string) (input, error) {
	if param.Group != "" {
		return input{kind: groupInput, param: param, providers: c.providers[param.Key]}, nil
	}
	if kind, ok := builtin(param.Type); ok && param.Name == "" {
		return input{kind: kind, param: param}, nil
	}
	if value, ok := c.replaced(param.Key); ok {
		return input{kind: hostInput, param: param, value: value}, nil
	}
	switch providers := c.providers[param.Key]; {
	case len(providers) == 1:
		return input{kind: providerInput, param: param, providers: providers}, nil
	case len(providers) > 1:
		return input{}, c.ambiguous(param.Key, providers)
	}
	if param.Optional {
		return input{kind: absentInput, param: param}, nil
	}
	return input{}, c.missing(param.Key, hint)
}

// replaced returns the host application's value for a key. A host's value for
// a type stands for the only resource of that type by whatever name or
// interface it is asked for.
func (c *Container) replaced(key signature.Key) (reflect.Value, bool) {
	if value, ok := c.host[key]; ok {
		return value, true
	}
	providers := c.providers[key]
	if len(providers) != 1 {
		return reflect.Value{}, false
	}
	p := providers[0]
	result := p.node.function.Results[p.result]
	own := []signature.Key{{Type: result.Type, Name: p.node.key}}
	if len(c.providers[result.Key]) == 1 {
		own = append(own, result.Key)
	}
	for _, other := range own {
		if value, ok := c.host[other]; ok {
			return value, true
		}
	}
	return reflect.Value{}, false
}

func (c *Container) ambiguous(key signature.Key, providers []provider) error {
	names := make([]string, len(providers))
	for i, p := range providers {
		names[i] = `name:"` + p.node.key + `"`
	}
	slices.Sort(names)
	return fault.Errorf("it needs %s, which %s give: say which by a tag in an fx.In struct, %s",
		key, keysOf(providers), strings.Join(names, " or "))
}

// missing says what nobody provides, and what is like it, or the hint.
func (c *Container) missing(key signature.Key, hint string) error {
	text := ""
	if key.Name != "" {
		var sameType []string
		for _, n := range c.nodes {
			for _, result := range n.function.Results {
				if result.Type == key.Type {
					sameType = append(sameType, n.key)
				}
			}
		}
		switch n, known := c.byKey[key.Name]; {
		case known && len(n.function.Results) > 0:
			text = "; resource " + key.Name + " is a " + n.function.Results[0].Type.String()
		default:
			text = nearest.Suggestion(key.Name, sameType)
		}
	}
	if text == "" {
		text = c.alike(key.Type)
	}
	if own := builtinAlike(key.Type); own != nil {
		text = ": take it as " + own.String()
	}
	if text == "" {
		text = hint
	}
	return fault.Errorf("it needs %s, which nothing provides%s", key, text)
}

// alike names resources whose type differs from t only by a pointer, by an
// interface that it implements, or by its package.
func (c *Container) alike(t reflect.Type) string {
	var found []string
	for _, n := range c.nodes {
		for _, result := range n.function.Results {
			if isAlike(t, result.Type) {
				found = append(found, "resource "+n.key+" gives "+result.Type.String())
			}
		}
	}
	if len(found) == 0 {
		return ""
	}
	return "; " + strings.Join(found, ", ")
}

// builtinAlike finds the type, of those that fxrun itself gives, that differs
// from t only by a pointer; nil where there is none.
func builtinAlike(t reflect.Type) reflect.Type {
	for _, own := range []reflect.Type{contextType, lifecycleType, loggerType, runInfoType} {
		if reflect.PointerTo(t) == own || t == reflect.PointerTo(own) {
			return own
		}
	}
	return nil
}

func isAlike(wanted, given reflect.Type) bool {
	bare := nearest.BareType
	switch {
	case wanted == given:
		return true
	case wanted.Kind() == reflect.Interface && wanted.NumMethod() > 0:
		return given.Implements(wanted)
	case given.Kind() == reflect.Interface && given.NumMethod() > 0:
		return wanted.Implements(given)
	}
	return bare(wanted) == bare(given) || bare(wanted).Name() != "" && bare(wanted).Name() == bare(given).Name()
}

package graph

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// Graph is the checked graph of resources. It is immutable, and safe for
// concurrent use.
type Graph struct {
	Nodes     []*Node // by key
	ByKey     map[string]*Node
	providers map[signature.Key][]Provider
	host      hostValues
	Eager     []*Node                // by key
	secrets   config.SecretVariables // secret variables of resources
	shapes    config.Shapes
}

// Node is a resource in the checked graph.
type Node struct {
	*resource.Declaration
	Config  *config.Definition              // the analysed config of the definition; nil without a config
	Inputs  []Input                         // one for each parameter of the constructor
	Needs   []*Node                         // the resources that must have started before, each once
	stand   map[signature.Key]reflect.Value // the values of the host application in its place, by the keys of the results
	unclear []signature.Key                 // the keys for which the host application has a value that may be meant for another resource
	level   int                             // 0 if nothing is needed, otherwise one more than the highest level of the needs
	Index   int                             // the index among the nodes of the graph

	asked  sync.Once // see needed
	asks   []Ask
	aimed  sync.Once
	target *Target // needs the resource itself, see keyTarget
}

// Provider is a result of a resource that provides a key.
type Provider struct {
	Node   *Node
	Result int
}

// New builds the graph of all resources from the signatures of their
// constructors and checks it. The error is a *Faults with everything that is
// wrong.
func New(definitions []resource.Definition) (*Graph, error) {
	declared, faults := resource.Gather(definitions)
	g := &Graph{
		ByKey:     make(map[string]*Node, len(declared.Resources)),
		providers: make(map[signature.Key][]Provider, 2*len(declared.Resources)),
	}
	faults = append(faults, g.host.read(declared.Host)...)
	faults = append(faults, g.addNodes(declared.Resources)...)
	g.findStandIns()
	for i, n := range g.Nodes {
		n.Index = i
		faults = append(faults, g.bindNode(n)...)
	}
	faults = append(faults, g.findCycles()...)
	faults = append(faults, g.checkLifetimes()...)
	if err := fault.Join("building the container", faults); err != nil {
		return nil, err
	}
	g.setLevels()
	g.secrets = g.secretVariables()
	for _, n := range g.Nodes {
		if n.Eager {
			g.Eager = append(g.Eager, n)
		}
	}
	return g, nil
}

func (g *Graph) addNodes(definitions []*resource.Declaration) []error {
	var faults []error
	definitions = slices.Clone(definitions)
	slices.SortStableFunc(definitions, func(a, b *resource.Declaration) int { return strings.Compare(a.Key, b.Key) })
	for _, definition := range definitions {
		if first, ok := g.ByKey[definition.Key]; ok {
			if first.Declaration == definition { // the same definition was given twice
				continue
			}
			faults = append(faults, fault.Errorf("resource %s is defined twice: at %s and at %s", definition.Key, first.Position, definition.Position))
			continue
		}
		n := &Node{Declaration: definition}
		if definition.Config != nil { // a definition may be in several containers
			n.Config = definition.Config.Clone()
		}
		g.ByKey[definition.Key] = n
		g.Nodes = append(g.Nodes, n)
		for _, fault := range n.check(&g.shapes) {
			faults = append(faults, n.faultf("%w", fault))
		}
		for _, provided := range n.Answers() {
			g.providers[provided.Key] = append(g.providers[provided.Key], Provider{n, provided.Result})
		}
	}
	return append(faults, g.checkNames()...)
}

// faultf returns a fault that names the resource and the place of its
// definition.
func (n *Node) faultf(format string, args ...any) error {
	return fault.Errorf("resource %s (%s): "+format, append([]any{n.Key, n.Position}, args...)...)
}

// check reports what is wrong with the resource alone.
func (n *Node) check(shapes *config.Shapes) []error {
	faults := slices.Clone(n.Faults)
	for _, t := range n.As {
		if len(n.Function.Results) > 0 && !n.Function.Results[0].Type.Implements(t) {
			faults = append(faults, fault.Errorf("container.As[%s]: %s does not implement it", t, n.Function.Results[0].Type))
		}
	}
	for _, provided := range n.Answers() {
		if resource.IsBuiltinKey(provided.Key) {
			faults = append(faults, fault.Errorf("it gives %s, which every child has by itself: give it a name in an fx.Out struct", provided.Key))
		}
	}
	for i, result := range n.Function.Results {
		same := func(other signature.Result) bool { return other.Key == result.Key }
		if result.Group == "" && slices.IndexFunc(n.Function.Results, same) < i {
			faults = append(faults, fault.Errorf("its constructor gives %s twice: give them names in an fx.Out struct", result.Key))
		}
	}
	if err := n.checkHealth(); err != nil {
		faults = append(faults, err)
	}
	if n.Config == nil {
		return faults
	}
	faults = append(faults, n.Config.Analyse(shapes)...)
	taken := slices.ContainsFunc(n.Function.Params, func(p signature.Param) bool { return n.IsConfig(p.Key) })
	switch {
	case taken || n.Function.Name == "" || n.Config.Type() == nil:
	case n.Supplied:
		faults = append(faults, fault.Errorf("it has a config, for which a supplied value has no use"))
	default:
		faults = append(faults, fault.Errorf("its config has the type %s, but its constructor %s does not take one", n.Config.Type(), n.Function.Name))
	}
	return faults
}

// checkHealth reports a check whose type is not the type of the resource.
func (n *Node) checkHealth() error {
	if n.Health == nil || len(n.Function.Results) == 0 || n.Health.Typ == n.Function.Results[0].Type {
		return nil
	}
	if n.Health.Check == nil {
		return errors.New("container.Health: the check is nil")
	}
	return fault.Errorf("container.Health[%s]: the resource is a %s", n.Health.Typ, n.Function.Results[0].Type)
}

// checkNames reports names in fx.Out structs that two resources give to one
// type.
func (g *Graph) checkNames() []error {
	var faults []error
	for key, providers := range g.providers {
		another := func(p Provider) bool { return p.Node != providers[0].Node }
		if key.Name != "" && slices.ContainsFunc(providers, another) {
			faults = append(faults, fault.Errorf("%s is given by %s: names must differ", key, keysOf(providers)))
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

func keysOf(providers []Provider) string {
	keys := make([]string, len(providers))
	for i, p := range providers {
		keys[i] = "resource " + p.Node.Key
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), " and ")
}

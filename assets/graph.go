package assets

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/digraph"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/nearest"
)

// Graph is the checked graph of all assets and jobs over a container. It is
// immutable and safe for concurrent use.
type Graph struct {
	container *container.Container
	makers    []*maker // of assets, by key
	nodes     []*node  // by key
	assets    *scope
	jobs      []*job // by name
	targets   []*container.Target
	sequences sequences
}

// maker is a function in the checked graph, and so a step of plans.
type maker struct {
	*definition
	params   []param // one for each parameter of the function
	inputs   []input
	upstream []*maker // all that comes before: inputs and After, each once, by key
	needed   []*maker // upstream the other way round
	nodes    []*node  // what it makes; none for an op without a value
	target   *container.Target
	level    int

	sequences sequences // those of the graph
}

// node is a value in the checked graph: an asset, or the value of an op.
type node struct {
	*output
	maker *maker
}

// input is an upstream value, and the type in which it is taken.
type input struct {
	from *node
	as   reflect.Type
}

type paramKind int

const (
	ownParam       paramKind = iota // given by the step: context, logger
	inputParam                      // an upstream value
	groupParam                      // the values of a group of assets
	containerParam                  // a resource, a value of the host, or the config
)

// param is how a parameter gets its value: at is the position among the
// inputs, or among the target's parameters; count is how many inputs a group has.
type param struct {
	kind  paramKind
	at    int
	count int
}

type builder struct {
	assets []*definition
	jobs   []*jobDefinition
}

// NewGraph connects assets to each other and to the resources of the container,
// by type, and checks everything. It calls no function.
//
// The error is a *container.Faults that lists everything that is wrong: keys
// that are given twice, parameters that nothing provides, types that are
// ambiguous, unknown upstream assets, cycles with their whole path, and
// selections that name nothing. With an error the graph is returned too. It can
// then be used only to look for further faults.
func NewGraph(c *container.Container, definitions ...Definition) (*Graph, error) {
	b := new(builder)
	for _, definition := range definitions {
		if definition != nil {
			definition.define(b)
		}
	}
	g := &Graph{container: c, sequences: make(sequences)}
	faults := g.addAssets(b.assets)
	faults = append(faults, g.addJobs(b.jobs, len(faults) == 0)...)
	return g, fault.Join("building the asset graph", faults)
}

func (g *Graph) addAssets(definitions []*definition) []error {
	makers, faults := g.makersOf(definitions)
	g.makers = makers
	g.assets = newScope(KindAsset)
	for _, m := range makers {
		faults = append(faults, g.assets.add(m)...)
	}
	for _, m := range makers {
		g.nodes = append(g.nodes, m.nodes...)
	}
	slices.SortFunc(g.nodes, func(a, b *node) int { return strings.Compare(a.key, b.key) })
	faults = append(faults, g.wireAll(makers, g.assets)...)
	for _, m := range makers {
		if m.target != nil {
			g.targets = append(g.targets, m.target)
		}
	}
	return faults
}

// makersOf sorts definitions by key, and reports the faults of each.
func (g *Graph) makersOf(definitions []*definition) (makers []*maker, faults []error) {
	definitions = slices.Clone(definitions)
	slices.SortStableFunc(definitions, func(a, b *definition) int { return strings.Compare(a.key, b.key) })
	for i, d := range definitions {
		if i > 0 && definitions[i-1] == d {
			continue // one value, given twice, is one definition
		}
		m := &maker{definition: d, sequences: g.sequences}
		g.sequences.collect(d)
		for _, o := range d.outputs {
			m.nodes = append(m.nodes, &node{output: o, maker: m})
		}
		makers = append(makers, m)
		for _, fault := range d.faults {
			faults = append(faults, m.faultf("%w", fault))
		}
	}
	return makers, faults
}

func (m *maker) faultf(format string, args ...any) error {
	where := m.position
	if m.function.Name != "" {
		where = m.function.Name + ", " + m.position
	}
	return fmt.Errorf("%s %s (%s): "+format, append([]any{m.kind, m.key, where}, args...)...)
}

// wireAll wires functions to what lies in the scopes, the nearest first.
func (g *Graph) wireAll(makers []*maker, scopes ...*scope) []error {
	var faults []error
	for _, m := range makers {
		w := &wiring{graph: g, maker: m, scopes: scopes}
		w.wire(string(m.kind) + " " + m.key)
		faults = append(faults, w.faults...)
	}
	faults = append(faults, cycleFaults(makers)...)
	if len(faults) == 0 {
		setLevels(makers)
	}
	return faults
}

// resources is the container's graph, as the packages of fxrun know it.
func (g *Graph) resources() *graph.Graph { return (*child.Parent)(g.container).Graph() }

func byKey(a, b *maker) int { return strings.Compare(a.key, b.key) }

func (m *maker) addUpstream(upstream *maker) {
	if !slices.Contains(m.upstream, upstream) {
		m.upstream = append(m.upstream, upstream)
		upstream.needed = append(upstream.needed, m)
	}
}

// cycleFaults reports every cycle with its whole path.
func cycleFaults(makers []*maker) []error {
	var faults []error
	for _, path := range digraph.Cycles(makers, (*maker).needs) {
		faults = append(faults, digraph.CycleFault(string(path[0].kind)+"s", path,
			func(m *maker) string { return m.key },
			func(m *maker) string { return m.function.Name + ", " + m.position }))
	}
	return faults
}

func (m *maker) needs() []*maker { return m.upstream }

func setLevels(makers []*maker) {
	levels := digraph.Levels(makers, (*maker).needs)
	for _, m := range makers {
		m.level = levels[m]
		slices.SortFunc(m.needed, byKey)
	}
}

func (g *Graph) suggestKey(key string) string {
	return nearest.Suggestion(key, g.assets.keys())
}

// String says what it is and where it is defined.
func (m *maker) String() string { return fmt.Sprintf("%s %s (%s)", m.kind, m.key, m.position) }

// String says what it is and where it is defined.
func (n *node) String() string {
	return fmt.Sprintf("%s %s (%s)", n.maker.kind, n.key, n.maker.position)
}

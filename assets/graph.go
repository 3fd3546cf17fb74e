package assets

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/cycle"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/signature"
)

// Graph is the checked graph of all assets and jobs over a container. It is
// immutable and safe for concurrent use.
type Graph struct {
	container *container.Container
	nodes     []*node // by key
	byKey     map[string]*node
	byOutput  map[reflect.Type][]*node
	jobs      []*jobDefinition // by name
}

// node is an asset in the checked graph.
type node struct {
	*definition
	params   []param // one for each parameter of the function
	inputs   []Input
	upstream []*node // all that comes before: inputs and After, each once, by key
	needed   []*node // upstream the other way round
	target   *container.Target
	level    int
}

type paramKind int

const (
	ownParam       paramKind = iota // given by the step: context, logger
	inputParam                      // an upstream asset's value
	containerParam                  // a resource or a value of the host
)

// param is how a parameter gets its value: at is the position among the
// inputs, or among the target's parameters.
type param struct {
	kind paramKind
	at   int
}

type builder struct {
	assets []*definition
	jobs   []*jobDefinition
}

// NewGraph wires assets to each other and to the container's resources, by
// type, and checks everything. No function is called.
//
// The error is a *container.Faults with everything that is wrong, all at once:
// keys given twice, parameters that nothing provides, types that are ambiguous,
// unknown upstream assets, cycles with their whole path, selections that name
// nothing.
func NewGraph(c *container.Container, definitions ...Definition) (*Graph, error) {
	b := new(builder)
	for _, definition := range definitions {
		if definition != nil {
			definition.define(b)
		}
	}
	g := &Graph{container: c, byKey: make(map[string]*node, len(b.assets)), byOutput: make(map[reflect.Type][]*node)}
	faults := g.addNodes(b.assets)
	for _, n := range g.nodes {
		faults = append(faults, g.wire(n)...)
	}
	faults = append(faults, g.findCycles()...)
	if len(faults) == 0 {
		g.setLevels()
		faults = g.addJobs(b.jobs)
	}
	if err := container.JoinFaults("building the asset graph", faults); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *Graph) addNodes(definitions []*definition) []error {
	var faults []error
	definitions = slices.Clone(definitions)
	slices.SortStableFunc(definitions, func(a, b *definition) int { return strings.Compare(a.key, b.key) })
	for _, definition := range definitions {
		if first, ok := g.byKey[definition.key]; ok {
			if first.definition != definition { // one value, given twice, is one asset
				faults = append(faults, fmt.Errorf("asset %s is defined twice: at %s and at %s", definition.key, first.position, definition.position))
			}
			continue
		}
		n := &node{definition: definition}
		g.nodes = append(g.nodes, n)
		g.byKey[n.key] = n
		if n.output != nil {
			g.byOutput[n.output] = append(g.byOutput[n.output], n)
		}
		for _, fault := range n.faults {
			faults = append(faults, n.faultf("%w", fault))
		}
	}
	return faults
}

func (n *node) faultf(format string, args ...any) error {
	return fmt.Errorf("asset %s (%s, %s): "+format, append([]any{n.key, n.function.Name, n.position}, args...)...)
}

// wire finds out what each parameter of an asset's function is.
func (g *Graph) wire(n *node) []error {
	var faults []error
	var asks []signature.Param
	n.params = make([]param, len(n.function.Params))
	for i, p := range n.function.Params {
		if isOwn(p.Key) {
			continue
		}
		upstream, err := g.upstreamOf(n, p)
		switch {
		case err != nil:
			faults = append(faults, n.faultf("%w", err))
		case upstream != nil:
			n.params[i] = param{inputParam, len(n.inputs)}
			n.inputs = append(n.inputs, Input{Asset: upstream.key, Type: p.Type})
			n.addUpstream(upstream)
		default:
			n.params[i] = param{kind: containerParam}
			asks = append(asks, p)
		}
	}
	if err := g.aim(n, asks); err != nil {
		for _, fault := range faultsOf(err) {
			faults = append(faults, n.faultf("%w%s", fault, g.alike(asks)))
		}
	}
	for _, key := range n.after {
		upstream, ok := g.byKey[key]
		if !ok {
			faults = append(faults, n.faultf("it comes after %q, which is no asset%s", key, g.suggestKey(key)))
			continue
		}
		n.addUpstream(upstream)
	}
	slices.SortFunc(n.upstream, byKey)
	return faults
}

// aim makes the container's target of the parameters that are its to answer.
func (g *Graph) aim(n *node, asks []signature.Param) (err error) {
	needs := signature.Make(asks, nil, nil)
	order, err := signature.Of(needs) // plain parameters first, then the tagged ones
	if err != nil {
		return err
	}
	for i, p := range n.params {
		if p.kind == containerParam {
			key := n.function.Params[i].Key
			n.params[i].at = slices.IndexFunc(order.Params, func(q signature.Param) bool { return q.Key == key })
		}
	}
	n.target, err = g.container.Target("asset "+n.key, needs)
	return err
}

func byKey(a, b *node) int { return strings.Compare(a.key, b.key) }

func (n *node) addUpstream(upstream *node) {
	if !slices.Contains(n.upstream, upstream) {
		n.upstream = append(n.upstream, upstream)
		upstream.needed = append(upstream.needed, n)
	}
}

func faultsOf(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// upstreamOf returns the asset that a parameter takes the value of, or nil if
// it is for the container to answer.
func (g *Graph) upstreamOf(n *node, p signature.Param) (*node, error) {
	if p.Group != "" {
		return nil, nil
	}
	if p.Name != "" {
		return g.upstreamNamed(n, p)
	}
	candidates := slices.DeleteFunc(slices.Clone(g.byOutput[p.Type]), func(other *node) bool { return other == n })
	resources := g.container.Providers(p.Type, "")
	switch {
	case len(candidates) > 0 && len(resources) > 0:
		return nil, fmt.Errorf(`it needs %s, which is the type of resource %s and of asset %s: say which by a tag in an fx.In struct, name:"%s" or name:"%s"`,
			p.Type, resources[0], candidates[0].key, resources[0], candidates[0].key)
	case len(candidates) > 1:
		return nil, fmt.Errorf(`it needs %s, which %s give: say which by a tag in an fx.In struct, %s`,
			p.Type, joinKeys("assets ", candidates, " and "), joinKeys("", candidates, " or "))
	case len(candidates) == 1:
		return candidates[0], nil
	}
	return nil, nil
}

// joinKeys lists assets in a sentence; without a prefix, as name tags.
func joinKeys(prefix string, nodes []*node, last string) string {
	texts := make([]string, len(nodes))
	for i, n := range nodes {
		texts[i] = n.key
		if prefix == "" {
			texts[i] = `name:"` + n.key + `"`
		}
	}
	if len(texts) == 1 {
		return prefix + texts[0]
	}
	return prefix + strings.Join(texts[:len(texts)-1], ", ") + last + texts[len(texts)-1]
}

func (g *Graph) upstreamNamed(n *node, p signature.Param) (*node, error) {
	isResource := len(g.container.Providers(p.Type, p.Name)) > 0 || g.container.HostProvides(p.Type, p.Name)
	upstream, isAsset := g.byKey[p.Name]
	switch {
	case isAsset && isResource && upstream.output == p.Type:
		return nil, fmt.Errorf("it needs %s, which is a resource and an asset: give one of them another key", p.Key)
	case isResource:
		return nil, nil
	case isAsset && upstream == n:
		return nil, fmt.Errorf("it needs %s, which is itself", p.Key)
	case isAsset && upstream.output == nil:
		return nil, fmt.Errorf("it needs the value of asset %s, which stores its data itself: order by assets.After in place of the parameter", p.Name)
	case isAsset && upstream.output != p.Type:
		return nil, fmt.Errorf("it needs asset %s as %s, but that is a %s", p.Name, p.Type, upstream.output)
	case isAsset:
		return upstream, nil
	case !g.container.Has(p.Name) && !p.Optional:
		return nil, fmt.Errorf("it needs %s, but neither a resource nor an asset is called so%s", p.Key, g.suggestKey(p.Name))
	}
	return nil, nil
}

func (g *Graph) suggestKey(key string) string {
	return nearest.Suggestion(key, g.keys())
}

func (g *Graph) keys() []string {
	keys := make([]string, len(g.nodes))
	for i, n := range g.nodes {
		keys[i] = n.key
	}
	return keys
}

// alike names assets whose value is almost of a type that nothing provides.
func (g *Graph) alike(asks []signature.Param) string {
	bare := func(t reflect.Type) reflect.Type {
		for t.Name() == "" && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
			t = t.Elem()
		}
		return t
	}
	for _, n := range g.nodes {
		for _, ask := range asks {
			if n.output != nil && bare(n.output) == bare(ask.Type) {
				return fmt.Sprintf("; asset %s is a %s", n.key, n.output)
			}
		}
	}
	return ""
}

// findCycles reports every cycle, each by its whole path.
func (g *Graph) findCycles() []error {
	var faults []error
	for _, path := range cycle.Find(g.nodes, func(n *node) []*node { return n.upstream }) {
		faults = append(faults, cycleFault(path))
	}
	return faults
}

func cycleFault(path []*node) error {
	keys := make([]string, 0, len(path)+1)
	var lines strings.Builder
	for i, n := range path {
		keys = append(keys, n.key)
		fmt.Fprintf(&lines, "\n%s (%s, %s) needs %s", n.key, n.function.Name, n.position, path[(i+1)%len(path)].key)
	}
	return fmt.Errorf("assets need each other: %s -> %s%s", strings.Join(keys, " -> "), keys[0], lines.String())
}

func (g *Graph) setLevels() {
	done := make(map[*node]bool, len(g.nodes))
	var visit func(n *node)
	visit = func(n *node) {
		if done[n] {
			return
		}
		done[n] = true
		for _, upstream := range n.upstream {
			visit(upstream)
			n.level = max(n.level, upstream.level+1)
		}
	}
	for _, n := range g.nodes {
		slices.SortFunc(n.needed, byKey)
		visit(n)
	}
}

func (g *Graph) addJobs(definitions []*jobDefinition) []error {
	var faults []error
	definitions = slices.Clone(definitions)
	slices.SortStableFunc(definitions, func(a, b *jobDefinition) int { return strings.Compare(a.name, b.name) })
	for _, definition := range definitions {
		if last := len(g.jobs) - 1; last >= 0 && g.jobs[last].name == definition.name {
			if g.jobs[last] != definition {
				faults = append(faults, fmt.Errorf("job %s is defined twice: at %s and at %s", definition.name, g.jobs[last].position, definition.position))
			}
			continue
		}
		g.jobs = append(g.jobs, definition)
		faults = append(faults, g.checkJob(definition)...)
	}
	return faults
}

func (g *Graph) checkJob(job *jobDefinition) []error {
	faults := slices.Clone(job.faults)
	if job.selection != "" {
		if _, err := g.Select(job.selection); err != nil {
			faults = append(faults, faultsOf(err)...)
		}
	}
	if _, err := g.container.LaunchJSON(job.config); err != nil {
		for _, fault := range faultsOf(err) {
			faults = append(faults, fmt.Errorf("its launch defaults: %w", fault))
		}
	}
	for i, fault := range faults {
		faults[i] = fmt.Errorf("job %s (%s): %w", job.name, job.position, fault)
	}
	return faults
}

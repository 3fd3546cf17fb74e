package prepare

import (
	"slices"

	"github.com/fxrun/fxrun/internal/digraph"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/fxoption"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/signature"
)

// optionCycles reports the cycles of resources and functions of the fx.Options that
// need each other. Fx finds those of constructors. In a cycle through a decorator it
// would call a constructor twice, or give some functions the value that is not
// decorated (https://github.com/uber-go/dig/issues/391).
func (p *Preparation) optionCycles() []error {
	if !slices.ContainsFunc(p.Given.Functions, addsNeeds) {
		return nil
	}
	m := p.newMakers()
	paths := digraph.Cycles(m.all, m.needed)
	m.decorated = nil // Fx checks the constructors alone too, and counts those whose values are replaced
	var faults []error
	for _, path := range append(paths, digraph.Cycles(m.all, m.needed)...) {
		if by := path[0].function; len(path) == 1 && by != nil && by.Kind == fxoption.Decorate {
			faults = append(faults, fault.Errorf("%s asks for a value that it decorates by another of its types or names: ask for it by the one that the function returns", by))
			continue
		}
		faults = append(faults, digraph.CycleFault("resources and functions of the fx options", path, (*maker).name, (*maker).origin))
	}
	return faults
}

// addsNeeds reports whether a value needs another one because of the function. This is not
// so for a decorator of one value that asks for nothing else.
func addsNeeds(f fxoption.Function) bool {
	if len(f.Results) == 0 || f.Kind != fxoption.Provide && f.Kind != fxoption.Decorate {
		return false
	}
	return slices.ContainsFunc(f.Params, func(param signature.Param) bool {
		return f.Kind == fxoption.Provide || len(f.Results) > 1 || !f.Gives(param.Key)
	})
}

// maker is a resource or a function of the options, which gives values.
type maker struct {
	node     *graph.Node        // nil for a function
	function *fxoption.Function // nil for a resource
}

func (m *maker) name() string {
	if m.node != nil {
		return "resource " + m.node.Key
	}
	return m.function.String()
}

func (m *maker) origin() string {
	called := m.function
	if called == nil {
		return m.node.Function.Name + ", " + m.node.Position
	}
	if called.Position == "" {
		return "an option"
	}
	return called.Position
}

// makers are the resources that the child may build, and the functions of the options
// that give values everywhere.
type makers struct {
	graph      *graph.Graph
	all        []*maker
	plain      map[signature.Key][]*maker // makers of values before they are decorated; more than one for a group
	decorated  map[signature.Key]*maker
	offered    map[signature.Key][]graph.Ask // what functions of the options ask for; members for a group
	fromParent func(signature.Key) bool      // a parent has the value
}

func (p *Preparation) newMakers() *makers {
	m := &makers{
		graph: p.Graph, plain: make(map[signature.Key][]*maker), decorated: make(map[signature.Key]*maker),
		offered: make(map[signature.Key][]graph.Ask), fromParent: func(key signature.Key) bool { return p.fromParent()[key].IsValid() },
	}
	for _, n := range slices.Concat(p.Nodes, p.later) {
		made := &maker{node: n}
		m.all = append(m.all, made)
		for _, key := range p.Graph.ResultKeys(n) {
			m.plain[key] = append(m.plain[key], made)
		}
	}
	for i := range p.Given.Functions {
		m.addFunction(&p.Given.Functions[i])
	}
	for _, ask := range p.offered.Needed() {
		m.offered[ask.Key] = []graph.Ask{ask}
	}
	for _, member := range p.offered.Members() {
		m.offered[member.Group] = append(m.offered[member.Group], graph.Ask{Param: signature.Param{Key: member.From}})
	}
	return m
}

func (m *makers) addFunction(function *fxoption.Function) {
	made := &maker{function: function}
	for _, result := range function.Results {
		switch {
		case function.Kind.Provides():
			m.plain[result.Key] = append(m.plain[result.Key], made)
		case function.Kind.Decorates() && !function.InModule:
			m.decorated[result.Key] = made
		default: // its results reach no resource
			return
		}
	}
	m.all = append(m.all, made)
}

// needed returns what must be called before a maker.
func (m *makers) needed(by *maker) []*maker {
	var needed []*maker
	for _, ask := range m.asksOf(by) {
		if !ask.Own && !m.fromParent(ask.Key) {
			needed = append(needed, m.makersOf(ask, by)...)
		}
	}
	return needed
}

func (m *makers) asksOf(by *maker) []graph.Ask {
	if by.node != nil {
		return m.graph.AsksOf(by.node)
	}
	var asks []graph.Ask
	for _, param := range by.function.Params {
		offered := m.offered[param.Key]
		asks = append(asks, offered...)
		if len(offered) == 0 || param.Group != "" { // the options give it, or members of it
			asks = append(asks, graph.Ask{Param: param})
		}
	}
	return asks
}

// makersOf returns the makers of the value of an ask. A decorator gets the value of its
// own key as it is before.
func (m *makers) makersOf(ask graph.Ask, by *maker) []*maker {
	if decorator := m.decorated[ask.Key]; decorator != nil && decorator != by {
		return []*maker{decorator}
	}
	if ask.From.Node == nil {
		return m.plain[ask.Key]
	}
	canonical := m.graph.Canonical(ask.From)
	if decorator := m.decorated[canonical]; decorator != nil && canonical != ask.Key {
		return []*maker{decorator}
	}
	return m.plain[canonical]
}

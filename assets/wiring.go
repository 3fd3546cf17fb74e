package assets

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/graph"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/signature"
)

// wiring finds out what the parameters of one function are.
type wiring struct {
	graph  *Graph
	maker  *maker
	scopes []*scope // where upstream values are looked for, the nearest first
	faults []error
}

func (w *wiring) fault(format string, args ...any) {
	w.faults = append(w.faults, w.maker.faultf(format, args...))
}

func (w *wiring) wire(name string) {
	m := w.maker
	var asks []signature.Param
	m.params = make([]param, len(m.function.Params))
	for i, p := range m.function.Params {
		if isOwn(p.Key) {
			continue
		}
		if p.Type == reflect.TypeFor[Context]() {
			w.fault("it needs assets.Context: take it as *assets.Context")
			continue
		}
		if members, faults := w.members(p); len(members) > 0 || len(faults) > 0 {
			m.params[i] = param{kind: groupParam, at: len(m.inputs), count: len(members)}
			for _, n := range members {
				m.inputs = append(m.inputs, input{n, p.Type})
				w.follow(n.maker)
			}
			for _, fault := range faults {
				w.fault("%w", fault)
			}
			continue
		}
		upstream, err := w.upstream(p)
		switch {
		case err != nil:
			w.fault("%w", err)
		case upstream != nil:
			m.params[i] = param{kind: inputParam, at: len(m.inputs)}
			m.inputs = append(m.inputs, input{upstream, p.Type})
			w.follow(upstream.maker)
		default:
			m.params[i] = param{kind: containerParam, at: len(asks)}
			asks = append(asks, p)
		}
	}
	w.makeTarget(name, asks)
	for _, key := range m.after {
		w.orderAfter(key)
	}
	slices.SortFunc(m.upstream, byKey)
}

// follow orders the function after another one of its own kind. An op loads the
// stored value of an asset, and no run of the job computes this asset.
func (w *wiring) follow(upstream *maker) {
	if upstream.kind == w.maker.kind {
		w.maker.addUpstream(upstream)
	}
}

func (w *wiring) orderAfter(key string) {
	upstream, ok := w.scopes[0].named(key)
	if !ok {
		w.fault("it comes after %q, which is not an %s%s", key, w.maker.kind, w.scopes[0].suggest(key))
		return
	}
	w.maker.addUpstream(upstream)
}

// hostHas reports whether the host application has a value for the key where the
// definition stands.
func (w *wiring) hostHas(key signature.Key) bool {
	return w.graph.resources().HostHas(key, w.maker.definition)
}

// makeTarget makes the container's target of the parameters that are its to answer.
func (w *wiring) makeTarget(name string, asks []signature.Param) {
	m := w.maker
	var config any
	var from []container.ConfigOption
	if m.config != nil {
		config, from = m.config.value, m.config.options
	}
	options := []container.TargetOption{container.StepConfig(m.key, config, from...), graph.StandsAt(m.definition), graph.WithBody(m.call)}
	if len(m.nodes) > 1 || len(m.nodes) == 1 && m.nodes[0].key != m.key {
		options = append(options, graph.StepMakes(m.outputKeys()...))
	}
	target, err := w.graph.resources().NewTarget(name, signature.Func{Params: asks}, options)
	m.target = (*container.Target)(target)
	if err == nil {
		return
	}
	for _, fault := range fault.Of(err) {
		w.fault("%w%s", fault, w.alike(asks))
	}
}

// upstream returns the value that a parameter takes, or nil if it is for the
// container to answer.
func (w *wiring) upstream(p signature.Param) (*node, error) {
	switch {
	case p.Group != "" || w.maker.takesConfig(p):
		return nil, nil
	case p.Name != "":
		return w.upstreamNamed(p)
	}
	resources, inHost := w.graph.container.Providers(p.Type, ""), w.hostHas(p.Key)
	for _, s := range w.scopes {
		candidates := s.givers(w.maker, p.Type)
		if len(candidates) == 0 {
			continue
		}
		if (len(resources) > 0 || inHost) && candidates[0].typ != p.Type {
			return nil, nil // the very type comes before another form of rows
		}
		if inHost {
			return nil, fmt.Errorf(`it needs %s, for which the host application has a value, and which is the type of %s %s: say which by a tag in an fx.In struct, as in name:"%s", or give the value of the host application another type`,
				p.Type, s.kind, candidates[0].key, candidates[0].key)
		}
		if len(resources) > 0 {
			return nil, fmt.Errorf(`it needs %s, which is the type of resource %s and of %s %s: say which by a tag in an fx.In struct, name:"%s" or name:"%s"`,
				p.Type, resources[0], s.kind, candidates[0].key, resources[0], candidates[0].key)
		}
		if len(candidates) > 1 {
			return nil, fmt.Errorf(`it needs %s, which %s give: say which by a tag in an fx.In struct, %s%s`,
				p.Type, joinKeys(string(s.kind)+"s ", candidates, " and "), joinKeys("", candidates, " or "), ownTypes(p.Type, candidates))
		}
		return candidates[0], nil
	}
	return nil, nil
}

// ownTypes suggests types of their own for values that have the same rows.
func ownTypes(asked reflect.Type, candidates []*node) string {
	var names []string
	for _, n := range candidates {
		if n.typ != asked && n.typ.Name() != "" && !slices.Contains(names, n.typ.String()) {
			names = append(names, n.typ.String())
		}
	}
	if len(names) != len(candidates) {
		return ""
	}
	return "; or take it by its own type: " + strings.Join(names, " or ")
}

// joinKeys lists values in a sentence; without a prefix, as name tags.
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

func (w *wiring) upstreamNamed(p signature.Param) (*node, error) {
	c := w.graph.container
	isResource := len(c.Providers(p.Type, p.Name)) > 0 || w.hostHas(p.Key)
	for i, s := range w.scopes {
		n, ok := s.byKey[p.Name]
		switch {
		case !ok:
			continue
		case n.maker == w.maker && w.namedBeyond(i, p.Name):
			continue // an op that is called as the asset it takes
		case isResource && n.typ == p.Type:
			return nil, fmt.Errorf("it needs %s, which is a resource and an %s: give one of them another key", p.Key, s.kind)
		case isResource:
			return nil, nil
		case n.maker == w.maker:
			return nil, fmt.Errorf("it needs %s, which is itself", p.Key)
		case n.typ == nil:
			return nil, fmt.Errorf("it needs the value of %s %s, which stores its data itself: order by assets.After in place of the parameter", s.kind, p.Name)
		case n.typ != p.Type && !convertible(n.typ, p.Type) && p.Type != bytesType:
			return nil, fmt.Errorf("it needs %s %s as %s, but its type is %s", s.kind, p.Name, p.Type, n.typ)
		}
		return n, nil
	}
	if !isResource && !c.Has(p.Name) && !p.Optional {
		return nil, fmt.Errorf("it needs %s, but no resource or asset has this name%s", p.Key, w.scopes[0].suggest(p.Name))
	}
	return nil, nil
}

// namedBeyond reports whether a scope after the one with the number i has a value
// with this name.
func (w *wiring) namedBeyond(i int, name string) bool {
	return slices.ContainsFunc(w.scopes[i+1:], func(s *scope) bool { return s.byKey[name] != nil })
}

// bytesType is what the stored bytes of a value are asked for as.
var bytesType = reflect.TypeFor[[]byte]()

// alike names a value whose type is similar to a type that nothing provides.
func (w *wiring) alike(asks []signature.Param) string {
	for _, s := range w.scopes {
		for _, key := range s.keys() {
			for _, ask := range asks {
				if n := s.byKey[key]; n != nil && n.typ != nil && nearest.BareType(n.typ) == nearest.BareType(ask.Type) {
					return fmt.Sprintf("; the type of %s %s is %s", s.kind, n.key, n.typ)
				}
			}
		}
	}
	return ""
}

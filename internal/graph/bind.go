package graph

import (
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/signature"
)

func (g *Graph) bindNode(n *Node) []error {
	var faults []error
	n.Inputs = make([]Input, len(n.Function.Params))
	for i, param := range n.Function.Params {
		if n.IsConfig(param.Key) {
			n.Inputs[i] = Input{Kind: ConfigInput}
			continue
		}
		hint := lackingInHost
		if n.Config == nil && looksLikeConfig(param.Type) {
			hint = "; if it is the resource's config, give it by container.Config"
		}
		bound, err := g.bind(param, hint)
		if err != nil {
			faults = append(faults, n.faultf("%w", err))
			continue
		}
		n.Inputs[i] = bound
		for _, p := range bound.providers {
			if !slices.Contains(n.Needs, p.Node) {
				n.Needs = append(n.Needs, p.Node)
			}
		}
	}
	slices.SortFunc(n.Needs, func(a, b *Node) int { return strings.Compare(a.Key, b.Key) })
	return faults
}

func looksLikeConfig(t reflect.Type) bool { return t.Kind() == reflect.Struct }

// lackingInHost is what a missing type may be due to, where nothing is like it.
const lackingInHost = ": container.Provide makes a resource of it; if the host application provides it already, something that it is built from is missing there, or it is a zero value, which counts as none"

// bind finds what answers a parameter. hint ends the error where nothing does,
// and nothing is like it.
func (g *Graph) bind(param signature.Param, hint string) (Input, error) {
	if param.Soft {
		return Input{}, fault.Errorf("it needs %s as a soft group, whose members would depend on the order in which resources start: leave soft out", param.Key)
	}
	if param.Group != "" {
		return Input{Kind: groupInput, param: param, providers: g.providers[param.Key]}, nil
	}
	if kind, ok := builtin(param.Type); ok && param.Name == "" {
		return Input{Kind: kind, param: param}, nil
	}
	if value, ok := g.replaced(param.Key); ok {
		return Input{Kind: hostInput, param: param, value: value}, nil
	}
	switch providers := g.providers[param.Key]; {
	case len(providers) == 1:
		return Input{Kind: providerInput, param: param, providers: providers}, nil
	case len(providers) > 1:
		return Input{}, g.ambiguous(param.Key, providers)
	}
	if param.Optional {
		return Input{Kind: absentInput, param: param}, nil
	}
	return Input{}, g.missing(param.Key, hint)
}

// replaced returns the host application's value for a key. A host's value for
// a type stands for the only resource of that type by whatever name or
// interface it is asked for.
func (g *Graph) replaced(key signature.Key) (reflect.Value, bool) {
	if value, ok := g.Host[key]; ok {
		return value, true
	}
	providers := g.providers[key]
	if len(providers) != 1 {
		return reflect.Value{}, false
	}
	p := providers[0]
	result := p.Node.Function.Results[p.Result]
	own := []signature.Key{{Type: result.Type, Name: p.Node.Key}}
	if len(g.providers[result.Key]) == 1 {
		own = append(own, result.Key)
	}
	for _, other := range own {
		if value, ok := g.Host[other]; ok {
			return value, true
		}
	}
	return reflect.Value{}, false
}

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
		bound, err := g.bind(param, n.Declaration, hint)
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

// lackingInHost is a hint at the reason for a missing type, if no other type is
// similar.
const lackingInHost = ": container.Provide makes a resource of it; if the host application provides it already, something that it is built from is missing there, or it is a zero value, which counts as none: provide and take a pointer to it"

// lackingOrNilInHost is the same hint for a type that has the value nil.
const lackingOrNilInHost = ": container.Provide makes a resource of it; if the host application provides it already, something that it is built from is missing there, or it is nil, which counts as none"

// unaskedInHost is the same hint for a function that is not a definition.
const unaskedInHost = ": a function that is given to the container gets resources, and of the values of the host application only those that a definition asks for: let a resource take it"

// bind finds where a parameter gets its value from. place is the definition
// with the parameter, or nil for a function that is not a definition. hint ends
// the error if nothing provides the value and no other type is similar.
func (g *Graph) bind(param signature.Param, place any, hint string) (Input, error) {
	if param.Soft {
		return Input{}, fault.Errorf("it needs %s as a soft group, whose members would depend on the order in which resources start: leave soft out", param.Key)
	}
	if param.Group != "" {
		return g.bindGroup(param, place)
	}
	if kind, ok := builtin(param.Key); ok {
		return Input{Kind: kind, param: param}, nil
	}
	value, err := g.host.at(place, param.Key)
	switch {
	case err != nil:
		return Input{}, err
	case value.IsValid() && (!isOfEveryApp(param.Key) || len(g.providers[param.Key]) == 0):
		return Input{Kind: hostInput, param: param, value: value, own: g.host.isOwn(param.Key, value)}, nil
	}
	switch providers := g.providers[param.Key]; {
	case len(providers) == 1:
		return g.bindResult(param, providers[0]), nil
	case len(providers) > 1:
		return Input{}, g.ambiguous(param.Key, providers)
	}
	if param.Optional {
		return Input{Kind: absentInput, param: param}, nil
	}
	if place == nil && g.host.inHost && hint == lackingInHost {
		hint = unaskedInHost
	}
	if hint == lackingInHost && canBeNil(param.Type) {
		hint = lackingOrNilInHost
	}
	return Input{}, g.missing(param.Key, hint)
}

// canBeNil reports whether nil is a value of the type.
func canBeNil(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Func, reflect.Chan, reflect.Map, reflect.Slice:
		return true
	}
	return false
}

// bindResult returns the input for a result of a resource, or for the value of
// the host application in its place.
func (g *Graph) bindResult(param signature.Param, p Provider) Input {
	if value := g.standIn(param.Key, p); value.IsValid() {
		return Input{Kind: hostInput, param: param, value: value}
	}
	return Input{Kind: providerInput, param: param, providers: []Provider{p}}
}

// bindGroup returns the input for a group: first the members that resources
// give, by key, and then the members of the host application.
func (g *Graph) bindGroup(param signature.Param, place any) (Input, error) {
	if param.Keyed {
		return Input{}, fault.Errorf("it needs %s as a map: only members that are assets have keys, so take it as a slice", param.Key)
	}
	members := g.providers[param.Key]
	value, err := g.host.groupAt(place, param.Key)
	switch {
	case err != nil:
		return Input{}, err
	case value.Decorated && len(members) > 0:
		return Input{}, fault.Errorf("it needs %s, of which %s are members, and which fx.Decorate or fx.Replace changes in the host application, where those members are not known: give all members by the host application, or change the group where it is taken",
			param.Key, keysOf(members))
	}
	return Input{Kind: groupInput, param: param, providers: members, value: value.Value}, nil
}

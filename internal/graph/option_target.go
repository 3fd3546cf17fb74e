package graph

import (
	"slices"

	"github.com/fxrun/fxrun/internal/signature"
)

// OptionTarget binds the keys that the fx.Options of one child ask for. Keys
// without a value are returned with an error for each, because Fx itself may
// provide them, or they may never be needed.
func (g *Graph) OptionTarget(asks []signature.Param) (*Target, map[signature.Key]error) {
	unanswered := make(map[signature.Key]error)
	t := &Target{graph: g, name: "the fx options"}
	for _, ask := range asks {
		ask.Soft = false // a soft group can have the same members as any other group
		bound, err := g.bind(ask, nil, lackingInHost)
		if err != nil {
			unanswered[ask.Key] = err
			continue
		}
		t.function.Params, t.inputs = append(t.function.Params, ask), append(t.inputs, bound)
		for _, p := range bound.providers {
			t.needs = append(t.needs, p.Node)
		}
	}
	return t, unanswered
}

// Group returns the key of the group that the input is, if it is one.
func (in Input) Group() (signature.Key, bool) { return in.param.Key, in.Kind == groupInput }

// HasMembers reports whether any resource gives a member of the group.
func (g *Graph) HasMembers(group signature.Key) bool { return len(g.providers[group]) > 0 }

// Member is a result of a resource that is a member of a group.
type Member struct {
	Group   signature.Key
	From    signature.Key // the canonical key of the result
	Flatten bool
}

// Members returns the members of all groups that the target asks for.
func (t *Target) Members() []Member {
	var members []Member
	for _, in := range t.inputs {
		if in.Kind != groupInput {
			continue
		}
		for _, p := range in.providers {
			member := Member{Group: in.param.Key, From: t.graph.Canonical(p), Flatten: p.Node.Function.Results[p.Result].Flatten}
			if !slices.Contains(members, member) {
				members = append(members, member)
			}
		}
	}
	return members
}

// HostMembers returns the members that the host application gives to the groups
// that the target asks for, as one slice for each group.
func (t *Target) HostMembers() []Ask {
	var members []Ask
	for _, in := range t.inputs {
		known := func(other Ask) bool { return other.Key == in.param.Key }
		if in.Kind == groupInput && in.value.IsValid() && !slices.ContainsFunc(members, known) {
			members = append(members, Ask{Param: signature.Param{Key: in.param.Key}, Value: in.value})
		}
	}
	return members
}

// Own returns the kinds of those inputs that every child has by itself, each
// kind once.
func (t *Target) Own() []InputKind {
	var kinds []InputKind
	for _, in := range t.inputs {
		if _, own := builtin(in.param.Key); own && in.Kind >= ConfigInput && !slices.Contains(kinds, in.Kind) {
			kinds = append(kinds, in.Kind)
		}
	}
	return kinds
}

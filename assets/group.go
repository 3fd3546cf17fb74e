package assets

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/signature"
)

// members returns the assets of the group that a parameter takes, by key; none
// where it takes no group, or one for the container to answer.
func (w *wiring) members(p signature.Param) (members []*node, faults []error) {
	if p.Group == "" {
		return nil, nil
	}
	assets := w.scopes[len(w.scopes)-1]
	members = slices.SortedFunc(slices.Values(assets.groups[p.Group]), func(a, b *node) int { return strings.Compare(a.key, b.key) })
	others := w.graph.resources().HasMembersAt(p.Key, w.maker.definition)
	switch {
	case len(members) > 0 && others:
		return nil, []error{fmt.Errorf("it needs %s, which is a group of assets and has members from resources or from the host application too: give one of the groups another name", p.Key)}
	case len(members) == 0 && !others:
		return nil, w.noMembers(p, assets)
	}
	for _, n := range members {
		if err := w.checkMember(p, n); err != nil {
			faults = append(faults, err)
		}
	}
	return members, faults
}

// checkMember refuses a member that the group cannot have: none is left out.
func (w *wiring) checkMember(p signature.Param, n *node) error {
	switch {
	case n.maker == w.maker:
		return fmt.Errorf("it needs %s, and is a member of the group itself: put it into another group", p.Key)
	case n.typ == nil:
		return fmt.Errorf("it needs %s, and asset %s of the group stores its data itself: order by assets.After in place of the parameter, or put the asset into another group", p.Key, n.key)
	case n.typ != p.Type && !convertible(n.typ, p.Type) && p.Type != bytesType:
		return fmt.Errorf("it needs %s, and asset %s of the group has the type %s: put the asset into another group", p.Key, n.key, n.typ)
	}
	return nil
}

// noMembers refuses a group without members where assets were meant. Any other
// is an empty slice, as in Fx.
func (w *wiring) noMembers(p signature.Param, assets *scope) []error {
	text := nearest.Suggestion(p.Group, slices.Sorted(maps.Keys(assets.groups)))
	if like := assets.byType[p.Type]; text == "" && len(like) > 0 {
		text = fmt.Sprintf("; asset %s has the type %s: put it into the group by assets.InGroup", like[0].key, p.Type)
	}
	if text == "" && !p.Keyed {
		return nil
	}
	return []error{fmt.Errorf("it needs %s, a group that has no members%s", p.Key, text)}
}

// gather makes the argument of a parameter that takes a group.
func (p param) gather(wanted signature.Param, inputs []input, values []reflect.Value) reflect.Value {
	inputs, values = inputs[p.at:p.at+p.count], values[p.at:p.at+p.count]
	if wanted.Keyed {
		byKey := reflect.MakeMapWithSize(reflect.MapOf(reflect.TypeFor[string](), wanted.Type), p.count)
		for i, in := range inputs {
			byKey.SetMapIndex(reflect.ValueOf(in.from.key), values[i])
		}
		return byKey
	}
	return reflect.Append(reflect.MakeSlice(reflect.SliceOf(wanted.Type), 0, p.count), values...)
}

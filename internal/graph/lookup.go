package graph

import (
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/internal/signature"
)

// Providers returns the keys of the resources that give type t, under name
// where that is not empty, sorted.
func (g *Graph) Providers(t reflect.Type, name string) []string {
	var keys []string
	for _, p := range g.providers[signature.Key{Type: t, Name: name}] {
		keys = append(keys, p.Node.Key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// HostProvides reports whether the host application has a value of type t,
// under name where that is not empty.
func (g *Graph) HostProvides(t reflect.Type, name string) bool {
	return g.HostHas(signature.Key{Type: t, Name: name}, nil)
}

// HostHas reports whether the host application has a value for the key where the
// definition called place stands; nil is its own level.
func (g *Graph) HostHas(key signature.Key, place any) bool {
	value, err := g.host.at(place, key)
	return err == nil && value.IsValid()
}

// HasMembersAt reports whether resources, or the host application where the
// definition called place stands, give members of a group.
func (g *Graph) HasMembersAt(group signature.Key, place any) bool {
	value, _ := g.host.groupAt(place, group)
	return len(g.providers[group]) > 0 || value.Value.IsValid() && value.Value.Len() > 0
}

// Has reports whether there is a resource with the key.
func (g *Graph) Has(key string) bool {
	_, ok := g.ByKey[key]
	return ok
}

// Static returns what the definition of the resource called key said by
// Static, in that order. It is nil where nothing was said, where there is no
// such resource, and where the host application has a value in the resource's
// place, of which nothing is known.
//
// What a single child replaces by options of its own is not considered.
func (g *Graph) Static(key string) []any {
	n, ok := g.ByKey[key]
	if !ok || n.IsReplaced() {
		return nil
	}
	return slices.Clone(n.Static)
}

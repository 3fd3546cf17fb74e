package graph

import (
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/internal/resource"
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
	_, ok := g.Host[signature.Key{Type: t, Name: name}]
	return ok
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
	if !ok || g.standsIn(n) {
		return nil
	}
	return slices.Clone(n.Static)
}

// standsIn reports whether somebody who asks for the resource, by its type or
// by an interface, gets a value of the host application.
func (g *Graph) standsIn(n *Node) bool {
	return slices.ContainsFunc(n.Answers(), func(provided resource.ProvidedKey) bool {
		if provided.Key.Group != "" || len(g.providers[provided.Key]) > 1 { // a type that two resources give is no way to ask for one
			return false
		}
		_, replaced := g.replaced(provided.Key)
		return replaced
	})
}

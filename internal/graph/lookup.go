package graph

import (
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/signature"
)

// Providers returns the sorted keys of the resources that give the type t. If
// name is not empty, only results with this name count.
func (g *Graph) Providers(t reflect.Type, name string) []string {
	var keys []string
	for _, p := range g.providers[signature.Key{Type: t, Name: name}] {
		keys = append(keys, p.Node.Key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// HostProvides reports whether the host application has a value of the type t.
// If name is not empty, the value must have this name.
func (g *Graph) HostProvides(t reflect.Type, name string) bool {
	return g.HostHas(signature.Key{Type: t, Name: name}, nil)
}

// HostHas reports whether the host application has a value for the key at the
// place of a definition. If place is nil, this is outside of modules.
func (g *Graph) HostHas(key signature.Key, place any) bool {
	value, err := g.host.at(place, key)
	return err == nil && value.IsValid()
}

// HasMembersAt reports whether a group has members, from resources or from the
// host application at the place of a definition.
func (g *Graph) HasMembersAt(group signature.Key, place any) bool {
	value, _ := g.host.groupAt(place, group)
	return len(g.providers[group]) > 0 || value.Value.IsValid() && value.Value.Len() > 0
}

// Has reports whether there is a resource with the key.
func (g *Graph) Has(key string) bool {
	_, ok := g.ByKey[key]
	return ok
}

// ReplacedConfigs returns the keys of the resources that a run config configures,
// although a value of the host application takes their place, sorted.
func (g *Graph) ReplacedConfigs(given config.RunConfig) []string {
	var keys []string
	for key := range given.Resources {
		if n, ok := g.ByKey[key]; ok && n.IsReplaced() {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Static returns the values of the Static options of the resource called key,
// in their order. It returns nil if there are none, if there is no such
// resource, and if the host application has a value in the place of the
// resource, because nothing is known of this value.
//
// It does not consider what a single child replaces by its own options.
func (g *Graph) Static(key string) []any {
	n, ok := g.ByKey[key]
	if !ok || n.IsReplaced() {
		return nil
	}
	return slices.Clone(n.Static)
}

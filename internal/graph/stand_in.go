package graph

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/signature"
)

// findStandIns finds, for each resource, the values that the host application has
// in its place where the resource is defined. The application has them by
// fx.Replace, or provides them itself; Fx does not distinguish the two. A value
// of a type that several resources give takes the place of none of them, see
// [Node.Refusal].
func (g *Graph) findStandIns() {
	if !g.host.inHost {
		return
	}
	for _, n := range g.Nodes {
		for _, answer := range n.Answers() {
			key := answer.Key
			value, err := g.host.at(n.Declaration, key)
			switch {
			case key.Group != "" || isOfEveryApp(key) || err != nil || !value.IsValid():
			case key.Name == "" && len(keysIn(g.providers[key])) > 1:
				n.unclear = append(n.unclear, key)
			default:
				if n.stand == nil {
					n.stand = make(map[signature.Key]reflect.Value)
				}
				n.stand[key] = value
			}
		}
	}
}

// isOfEveryApp reports whether every application of Fx has a value for the key.
// Such a value does not take the place of a resource.
func isOfEveryApp(key signature.Key) bool {
	return key == signature.Key{Type: reflect.TypeFor[fx.Shutdowner]()} || key == signature.Key{Type: reflect.TypeFor[fx.DotGraph]()}
}

// Refusal says why the constructor of the resource must not be called. The
// reason is a value of the host application that may be meant for the place of
// the resource, but that the users of the resource would not get. It is nil if
// there is no such value.
func (g *Graph) Refusal(n *Node) error {
	if n.IsReplaced() {
		var types []string
		for _, result := range n.Function.Results {
			types = append(types, result.String())
		}
		return n.faultf("the host application has %s in its place, so its constructor is not called, and more of it is needed: replace in the host application each type of it that is asked for, of %s",
			joined(slices.Collect(maps.Keys(n.stand))), strings.Join(types, ", "))
	}
	for _, key := range n.unclear {
		givers := g.providers[key]
		return n.faultf("the host application has a value for %s, by fx.Replace or as its own, and %s give that type: say by a name which of them it stands for, as in "+
			"fx.Replace(fx.Annotate(value, fx.ResultTags(`name:\"%s\"`))); a value that stands for none of them needs a name or a type of its own",
			key, keysOf(givers), n.Key)
	}
	return nil
}

func joined(keys []signature.Key) string {
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = key.String()
	}
	slices.Sort(texts)
	return strings.Join(texts, " and ")
}

// keysIn returns the sorted keys of the resources, each once.
func keysIn(providers []Provider) []string {
	keys := make([]string, len(providers))
	for i, p := range providers {
		keys[i] = p.Node.Key
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// IsReplaced reports whether the host application has a value in the place of
// the resource. Its constructor is then never called.
func (n *Node) IsReplaced() bool { return len(n.stand) > 0 }

// StandIns returns the values that the host application has in the place of the
// resource, in no order.
func (n *Node) StandIns() []any {
	var values []any
	for _, value := range n.stand {
		values = append(values, value.Interface())
	}
	return values
}

// standIn returns the value that the host application has in the place of a
// result that is asked for by key. It is not valid if the resource itself must
// be used, and if the host application has only another result, or another type,
// of the resource.
func (g *Graph) standIn(key signature.Key, p Provider) reflect.Value {
	if value, ok := p.Node.stand[key]; ok || !p.Node.IsReplaced() {
		return value
	}
	for _, answer := range p.Node.Answers() {
		value, ok := p.Node.stand[answer.Key]
		if !ok || answer.Result != p.Result {
			continue
		}
		if value.Kind() == reflect.Interface {
			value = value.Elem()
		}
		if value.Type().AssignableTo(key.Type) {
			return value
		}
	}
	return reflect.Value{}
}

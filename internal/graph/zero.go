package graph

import (
	"slices"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/fxoption"
	"github.com/fxrun/fxrun/internal/resource"
)

// checkZero reports a nil or zero value that is meant for a definition, and reaches
// nobody: whoever asks for the type would get what the definition makes.
func (g *Graph) checkZero(zero fxoption.Zero) error {
	givers := g.providers[zero.Key]
	if slices.ContainsFunc(givers, func(p Provider) bool { return p.Node.heeds(zero) }) {
		return nil
	}
	made, isMade := g.host.made[zero.Key.Type]
	what := "the zero value of"
	isNil := !resource.HasPlainZero(zero.Key.Type)
	if isNil {
		what = "nil for"
	}
	switch {
	case len(givers) > 0 && isNil:
		return fault.Errorf("%s gives nil for %s, which Fx does not tell from no value: %v would be used; give a value that is not nil", zero, zero.Key, givers[0].Node)
	case len(givers) > 0:
		return fault.Errorf("%s gives the zero value of %s where it does not reach %v, which would be used: give it to the application itself, or in the fx.Module of the resource", zero, zero.Key, givers[0].Node)
	case isMade && zero.Kind == fxoption.Replace && zero.Key.Name == "":
		return fault.Errorf("%s gives %s %s, which does not take the place of %s: select without the asset, so that its stored value is used", zero, what, zero.Key, made)
	}
	return nil
}

// heeds reports whether a zero value takes the place of the resource, or makes a
// launch that needs the resource be refused.
func (n *Node) heeds(zero fxoption.Zero) bool {
	stand, replaced := n.stand[zero.Key]
	return slices.Contains(n.unclear, zero.Key) || replaced && (stand.IsZero() || zero.Kind == fxoption.Supply)
}

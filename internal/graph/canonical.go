package graph

import (
	"fmt"

	"github.com/fxrun/fxrun/internal/signature"
)

// Canonical returns the key that a result has in the Fx graph of a child. Other
// keys of the result are forwarded from this key. The canonical key is the type
// without a name if only one result has the type, so that fx.Replace with a
// plain value reaches every consumer.
func (g *Graph) Canonical(p Provider) signature.Key {
	result := p.Node.Function.Results[p.Result]
	switch {
	case result.Group != "":
		name := fmt.Sprintf("fxrun: member of group %s by resource %s, result %d", result.Group, p.Node.Key, p.Result)
		return signature.Key{Type: result.ValueType(), Name: name}
	case result.Name != "" || len(g.providers[result.Key]) == 1:
		return result.Key
	}
	return signature.Key{Type: result.Type, Name: p.Node.Key}
}

// ResultKeys returns the keys that the results of a constructor have in the Fx
// graph of a child.
func (g *Graph) ResultKeys(n *Node) []signature.Key {
	keys := make([]signature.Key, len(n.Function.Results))
	for i := range keys {
		keys[i] = g.Canonical(Provider{n, i})
	}
	return keys
}

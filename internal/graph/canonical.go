package graph

import (
	"fmt"

	"github.com/fxrun/fxrun/internal/signature"
)

// Canonical is the key under which a child's Fx graph holds a result; other
// Keys that answer to it are forwarded. It is the plain type wherever that is
// unambiguous, so that fx.Replace with a bare value reaches every consumer.
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

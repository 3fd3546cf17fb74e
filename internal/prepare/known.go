package prepare

import (
	"slices"

	"github.com/fxrun/fxrun/internal/graph"
)

// Known is what is known of a resource that is not built yet.
type Known struct {
	Key string
	// Needs are the keys of the resources that it is built from.
	Needs []string
	// Facts are the values of its Static options, and its config struct as it was read. If the
	// host application has values in the place of the resource, these values are the facts.
	Facts []any
}

// Known returns what is known of the resources of [Prepared.Preview], in the same order.
func (p *Prepared) Known() []Known {
	var known []Known
	for _, n := range append(p.preparation.starting(), p.preparation.later...) {
		one := Known{Key: n.Key, Facts: p.preparation.factsOf(n)}
		for _, need := range n.Needs {
			one.Needs = append(one.Needs, need.Key)
		}
		known = append(known, one)
	}
	return known
}

func (p *Preparation) factsOf(n *graph.Node) []any {
	if n.IsReplaced() {
		return n.StandIns()
	}
	facts := slices.Clone(n.Static)
	if config := p.configOf(n).Value; config.IsValid() {
		facts = append(facts, config.Interface())
	}
	return facts
}

package graph

import (
	"strings"

	"github.com/fxrun/fxrun/internal/resource"
)

// checkLifetimes reports every resource that needs another resource with a
// shorter life.
func (g *Graph) checkLifetimes() []error {
	var faults []error
	for _, n := range g.Nodes {
		if n.Lifetime == resource.LifetimeProcess && n.Config != nil && len(n.Config.RequiredAtLaunch()) > 0 {
			faults = append(faults, n.faultf("it lives per process, so no launch can give it %s", strings.Join(n.Config.RequiredAtLaunch(), ", ")))
		}
		for _, need := range n.Needs {
			if need.Lifetime > n.Lifetime {
				faults = append(faults, n.faultf("it lives per %s, and needs resource %s (%s), which lives only per %s: %s -> %s",
					n.Lifetime, need.Key, need.Position, need.Lifetime, n.Key, need.Key))
			}
		}
	}
	return faults
}

package graph

import (
	"maps"
	"slices"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/resource"
)

// ConfigPath returns the path of the config of a resource in a run config.
func ConfigPath(key string) string { return "resources." + key + ".config" }

// ReadLaunch reads the resources of a run config. It compares the keys with all
// resources, needed or not, so that a mistyped key is not taken for a resource that this
// run does not need.
func (g *Graph) ReadLaunch(launch config.RunConfig) (map[*Node]config.LaunchValues, []error) {
	launches := make(map[*Node]config.LaunchValues, len(launch.Resources))
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(launch.Resources)) {
		n, ok := g.ByKey[key]
		switch {
		case !ok:
			faults = append(faults, fault.Errorf("resources.%s: there is no resource %q%s", key, key,
				nearest.SuggestionAmong(key, g.Nodes, func(n *Node) string { return n.Key })))
		case n.Config == nil:
			faults = append(faults, fault.Errorf("%s: resource %s has no config", ConfigPath(key), key))
		case n.Lifetime == resource.LifetimeProcess:
			faults = append(faults, fault.Errorf("%s: resource %s lives per process, so no launch can configure it", ConfigPath(key), key))
		default:
			launches[n] = make(config.LaunchValues)
			faults = append(faults, n.Config.Read(launches[n], ConfigPath(key), launch.Resources[key])...)
		}
	}
	return launches, faults
}

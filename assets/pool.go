package assets

import "slices"

// Pool puts the step into a pool, for instance because it uses a database that can execute
// only a few queries at the same time. A pool has a number of places, and each step in it
// takes one while it is executed. A step that finds no place waits. All runs of all
// processes share the places: see runs.Limits, which says how many there are. The default is
// one.
//
// A step may be in several pools. It then waits until all of them have a place.
func Pool(name string) Option {
	return aboutFunction("Pool", func(d *definition) {
		if name == "" {
			d.fault(`assets.Pool(""): a pool needs a name`)
			return
		}
		at, found := slices.BinarySearch(d.pools, name)
		if !found {
			d.pools = slices.Insert(d.pools, at, name)
		}
	})
}

// Pools returns the names of the pools in which steps are, sorted.
func (g *Graph) Pools() []string {
	var names []string
	add := func(makers []*maker) {
		for _, m := range makers {
			names = append(names, m.pools...)
		}
	}
	add(g.makers)
	for _, j := range g.jobs {
		add(j.makers)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

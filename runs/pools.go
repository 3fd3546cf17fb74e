package runs

import "context"

// PoolState says how much of a pool is in use.
type PoolState struct {
	// Name is the name of the pool: see assets.Pool.
	Name string `json:"name"`
	// Places is how many steps may be in the pool at the same time, in all processes.
	Places int `json:"places"`
	// Used is how many of the places are taken.
	Used int `json:"used"`
}

// Pools returns the pools that the steps of the program are in, sorted by name. Used is what
// the locks say, so that the places of a process that was killed are free.
func (l *Launcher) Pools(ctx context.Context) ([]PoolState, error) {
	var pools []PoolState
	for _, name := range l.config.Graph.Pools() {
		limit := l.config.Limits.ofPool(name)
		free, err := countFree(ctx, l.config.Locks, limit)
		if err != nil {
			return nil, err
		}
		pools = append(pools, PoolState{Name: name, Places: limit.places, Used: limit.places - free})
	}
	return pools, nil
}

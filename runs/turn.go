package runs

import (
	"context"
	"maps"
	"time"
)

// turn is one look at the line, from its beginning to its end.
type turn struct {
	line     *line
	liveness map[string]Liveness // by owner
	free     map[string]int      // places of limits, by the name of their locks; counted when needed
	ahead    []ahead             // the runs of other processes that come before the next one
	left     bool                // there are runs that a worker of this process may take
}

// ahead is a run of another process.
type ahead struct {
	id     string
	limits []limit
}

func newTurn(l *line) *turn {
	return &turn{line: l, liveness: make(map[string]Liveness), free: make(map[string]int)}
}

// livenessOf looks after an owner once in a turn.
func (t *turn) livenessOf(ctx context.Context, owner string) Liveness {
	found, ok := t.liveness[owner]
	if !ok {
		found, _ = livenessOf(ctx, t.line.launcher.config.Locks, owner) // unknown with an error
		t.liveness[owner] = found
	}
	return found
}

// places takes the places for a run, unless they are left to the runs ahead of it. It
// returns nil if the run has to wait.
func (t *turn) places(ctx context.Context, limits []limit) (*places, error) {
	if len(limits) == 0 {
		return new(places), nil
	}
	if may, err := t.may(ctx, limits); !may || err != nil {
		return nil, err
	}
	taken, _, err := takePlaces(ctx, t.line.launcher.config.Locks, limits)
	if taken != nil {
		take(t.free, limits)
	}
	return taken, err
}

// may reports whether enough places are free for the runs ahead and for this one.
func (t *turn) may(ctx context.Context, limits []limit) (bool, error) {
	if len(t.ahead) == 0 {
		return true, nil
	}
	if err := t.count(ctx, limits); err != nil {
		return false, err
	}
	free := maps.Clone(t.free)
	for _, other := range t.ahead {
		if !share(other.limits, limits) {
			continue
		}
		if err := t.count(ctx, other.limits); err != nil {
			return false, err
		}
		for _, limit := range other.limits {
			if _, ok := free[limit.locks]; !ok {
				free[limit.locks] = t.free[limit.locks]
			}
		}
		if t.line.leaveTo(other.id, fits(free, other.limits)) {
			take(free, other.limits)
		}
	}
	return fits(free, limits), nil
}

// count counts the free places of limits that were not counted in this turn.
func (t *turn) count(ctx context.Context, limits []limit) error {
	for _, limit := range limits {
		if _, counted := t.free[limit.locks]; counted {
			continue
		}
		free, err := countFree(ctx, t.line.launcher.config.Locks, limit)
		if err != nil {
			return err
		}
		t.free[limit.locks] = free
	}
	return nil
}

// courtesy is how long a free place is left to a run of another process that comes first.
// That process looks several times meanwhile, unless it is stopped.
const courtesy = time.Second

// leaveTo reports whether free places are left to a run of another process.
func (l *line) leaveTo(id string, fits bool) bool {
	if !fits {
		delete(l.offered, id)
		return false
	}
	since, ok := l.offered[id]
	if !ok {
		since = time.Now()
		l.offered[id] = since
	}
	return time.Since(since) < courtesy
}

func fits(free map[string]int, limits []limit) bool {
	for _, limit := range limits {
		if free[limit.locks] < 1 {
			return false
		}
	}
	return true
}

func take(free map[string]int, limits []limit) {
	for _, limit := range limits {
		if count, counted := free[limit.locks]; counted {
			free[limit.locks] = count - 1
		}
	}
}

// share reports whether two runs have a limit in common.
func share(a, b []limit) bool {
	for _, one := range a {
		for _, other := range b {
			if one.locks == other.locks {
				return true
			}
		}
	}
	return false
}

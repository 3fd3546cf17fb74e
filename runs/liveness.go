package runs

import (
	"context"
	"fmt"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
)

// Liveness says whether the launcher that executes a run still exists, as far as this
// can be found out.
type Liveness string

const (
	// LivenessRunning means that the launcher exists. Its process may be stopped for a
	// while, for instance by a debugger.
	LivenessRunning Liveness = "running"
	// LivenessGone means that the process of the launcher has certainly ended. Its
	// unfinished runs are lost, unless they are on a [Cluster]: those go on, and wait for a
	// launcher that adopts them.
	LivenessGone Liveness = "gone"
	// LivenessUnknown means that it cannot be found out from here. The launcher took its
	// lock in another place of locks, or the locks cannot be asked, or the run was not
	// launched by package runs.
	LivenessUnknown Liveness = "unknown"
)

// Liveness looks whether the launcher that executes a run still exists. It is "" for a
// run that has finished, and for a run without an owner. A run whose launcher is
// [LivenessGone] is lost: the next launcher that executes a run with the same store
// records it as failed. A run on a [Cluster] is not lost, but adopted: see [Launcher.Adopt].
// Liveness itself changes nothing.
//
// The error says why the locks could not be asked. The answer is then
// [LivenessUnknown].
func (l *Launcher) Liveness(ctx context.Context, record history.Record) (Liveness, error) {
	if record.Status.Finished() || record.Owner == "" {
		return "", nil
	}
	return livenessOf(ctx, l.config.Locks, record.Owner)
}

// livenessOf looks whether the lock of an owner is held.
func livenessOf(ctx context.Context, locker locks.Locker, name string) (Liveness, error) {
	owner, ok := parseOwner(name)
	if !ok {
		return LivenessUnknown, nil
	}
	place, err := placeOf(ctx, locker)
	if err == nil && place != owner.place {
		return LivenessUnknown, nil
	}
	held := false
	if err == nil {
		held, err = locker.Held(ctx, owner.lockName())
	}
	switch {
	case err != nil:
		return LivenessUnknown, fmt.Errorf("looking whether the process %s still exists: %w", name, err)
	case held:
		return LivenessRunning, nil
	default:
		return LivenessGone, nil
	}
}

package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/locks"
)

// A value of an asset is stored in one place, and recorded in another one. So that the last
// record of an asset is that of the value which is stored, runs that store the same asset take
// turns. A turn begins before the value is stored, and ends when the history has its record. If
// the history keeps an order of records that are not stored yet, other runs of this process
// need not wait for so long: see history.Ordered.

const (
	// turnPatience is how long a step tries to take its turn while the locks fail, as they do
	// while a database is away.
	turnPatience = 30 * time.Second
	// turnTold is how long a step waits for its turn before it says so.
	turnTold = time.Second
)

// storeTurn is the turn of a step to store assets. The zero storeTurn has none.
type storeTurn struct {
	stores *storings
	of     []*stored
	passed bool     // other runs of this process may store the assets
	ends   []func() // let other processes store them
}

// isAwaited reports whether other runs of this process wait for the turn.
func (t *storeTurn) isAwaited() bool {
	return slices.ContainsFunc(t.of, func(of *stored) bool { return t.stores.isAwaited(of) })
}

// pass gives the turn to other runs of this process. Further calls do nothing.
func (t *storeTurn) pass() {
	if t.passed {
		return
	}
	t.passed = true
	for _, of := range slices.Backward(t.of) {
		of.leave()
	}
}

// end gives the turn to others. Further calls do nothing.
func (t *storeTurn) end() {
	for _, end := range slices.Backward(t.ends) {
		end()
	}
	t.ends = nil
	t.pass()
}

// takeTurn waits until no other run stores the assets among the outputs of a step. Each step
// takes them in the same order, so that no two steps wait for each other.
func (x *stepExecution) takeTurn(ctx context.Context) (turn storeTurn, err error) {
	var outputs []assets.Output
	for _, output := range x.step.Outputs {
		if output.Type != nil && output.Kind == assets.KindAsset {
			outputs = append(outputs, output)
		}
	}
	slices.SortFunc(outputs, func(a, b assets.Output) int { return cmp.Compare(a.Key, b.Key) })
	turn.stores = &x.site.launcher.stores
	for _, output := range outputs {
		if err := x.takeTurnOf(ctx, output, &turn); err != nil {
			turn.end()
			return storeTurn{}, fmt.Errorf("storing %s: waiting until no other run stores it: %w", output.Key, err)
		}
	}
	return turn, nil
}

func (x *stepExecution) takeTurnOf(ctx context.Context, output assets.Output, turn *storeTurn) error {
	telling := time.AfterFunc(turnTold, func() {
		x.site.record(history.LogWritten{
			Step: x.step.Key, Message: "waiting until another run has stored the asset", Attrs: history.Attrs{{Name: "asset", Value: output.Key}},
		})
	})
	defer telling.Stop()
	launcher := x.site.launcher
	of, err := launcher.stores.enter(ctx, output.Key)
	if err != nil {
		return err
	}
	turn.of = append(turn.of, of)
	if launcher.stays(output.IO) != "" { // no other process has the value
		return nil
	}
	err = of.lock.enter(ctx, func() (locks.Lock, error) { return launcher.lockToStore(ctx, "store/"+output.Key) })
	if err != nil {
		return err
	}
	turn.ends = append(turn.ends, func() {
		if err := of.lock.leave(); err != nil {
			launcher.warn("the turn to store an asset could not be given back", "asset", output.Key, "error", err)
		}
	})
	return nil
}

// lockToStore waits for a lock, also while locks cannot be had for a while.
func (l *Launcher) lockToStore(ctx context.Context, name string) (lock locks.Lock, err error) {
	for began := time.Now(); ; {
		err = panics.Guard(func() (err error) {
			lock, err = locks.Wait(ctx, l.config.Locks, name)
			return err
		})
		if err == nil || ctx.Err() != nil || time.Since(began) > turnPatience {
			return lock, orCause(ctx, err)
		}
		if !backoff.Wait(ctx, regainEvery) {
			return nil, errors.Join(context.Cause(ctx), err)
		}
	}
}

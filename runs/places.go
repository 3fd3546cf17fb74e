package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/locks"
)

// places are one place of each of several limits. Nil is no place of no limit.
type places struct {
	locker locks.Locker
	taken  []place
	ended  chan struct{} // ends the watch; nil without a watch
	watch  sync.WaitGroup
}

// place is one place of a limit, while it is held.
type place struct {
	name string
	lock locks.Lock
}

// takePlaces takes a place of each limit, or none at all. If a limit has no free place, it
// returns this limit, and no error.
func takePlaces(ctx context.Context, locker locks.Locker, limits []limit) (_ *places, full *limit, err error) {
	taken := &places{locker: locker}
	for _, limit := range limits {
		found, err := takePlace(ctx, locker, limit)
		if err != nil || found == nil {
			return nil, &limit, errors.Join(err, taken.release())
		}
		taken.taken = append(taken.taken, *found)
	}
	return taken, nil, nil
}

// takePlace takes the first free place of a limit. It returns nil if there is none.
func takePlace(ctx context.Context, locker locks.Locker, limit limit) (*place, error) {
	for i := range limit.places {
		name := limit.lockName(i)
		var lock locks.Lock
		err := panics.Guard(func() (err error) {
			lock, err = locker.TryLock(ctx, name)
			return err
		})
		switch {
		case err == nil:
			return &place{name, lock}, nil
		case !errors.Is(err, locks.ErrHeld):
			return nil, fmt.Errorf("looking for a place among %s: %w", limit.about, err)
		}
	}
	return nil, nil
}

// countFree returns the number of free places of a limit.
func countFree(ctx context.Context, locker locks.Locker, limit limit) (free int, err error) {
	for i := range limit.places {
		held := false
		err := panics.Guard(func() (err error) {
			held, err = locker.Held(ctx, limit.lockName(i))
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("counting the places of %s: %w", limit.about, err)
		}
		if !held {
			free++
		}
	}
	return free, nil
}

// keep takes places again that get lost, as the locks of a database do when its session
// ends. If that is not possible for a while, another process may have them: keep then calls
// abandon. It must be called once at most, before release.
func (p *places) keep(abandon func(error)) {
	if p == nil {
		return
	}
	p.ended = make(chan struct{})
	for i := range p.taken {
		if one := &p.taken[i]; one.lock.Lost() != nil {
			p.watch.Go(func() { p.keepOne(one, abandon) })
		}
	}
}

func (p *places) keepOne(one *place, abandon func(error)) {
	for {
		select {
		case <-p.ended:
			return
		case <-one.lock.Lost():
		}
		if err := p.retake(one); err != nil {
			abandon(err)
			return
		}
	}
}

// retake takes a place again. It returns nil if the places are released meanwhile.
func (p *places) retake(one *place) error {
	ticker := time.NewTicker(regainEvery)
	defer ticker.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), regainWithin)
	defer cancel()
	for {
		err := panics.Guard(func() error {
			lock, err := p.locker.TryLock(ctx, one.name)
			if err == nil {
				one.lock = lock
			}
			return err
		})
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("the place %s among those that are limited was lost: %w", one.name, err)
		case <-ticker.C:
		}
	}
}

// release gives the places back. A second call does nothing.
func (p *places) release() error {
	if p == nil {
		return nil
	}
	if p.ended != nil {
		close(p.ended)
		p.watch.Wait()
		p.ended = nil
	}
	var errs []error
	for _, one := range slices.Backward(p.taken) {
		if err := panics.Guard(one.lock.Unlock); err != nil {
			errs = append(errs, fmt.Errorf("giving back the place %s: %w", one.name, err))
		}
	}
	p.taken = nil
	return errors.Join(errs...)
}

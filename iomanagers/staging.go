package iomanagers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fxrun/fxrun/internal/detach"
)

// Stager is implemented by managers that can make a value ready without showing it. If a step
// makes several values, all of them are made ready before the first one is shown. So a failure
// in the second value leaves the first one as it was.
//
// A manager that embeds another one has its methods, but Stages refuses it. So its own Store is
// called. If it shall be a Stager too, it needs a Stage that does what its Store does, and a
// Stages.
type Stager interface {
	// Stages reports whether Stage does what the Store of manager does, which it does for the
	// Stager itself.
	Stages(manager IOManager) bool
	// Stage does what Store does, except the last step: the value does not yet take the place
	// of the earlier one. Its errors are those of Store. After an error there is nothing to
	// discard. The result is valid until ctx ends.
	Stage(ctx context.Context, out Output, value any) (Staged, error)
}

// Staged is a value that is ready to be stored. One goroutine uses it. Exactly one of Commit
// and Discard is called, and it is called once.
type Staged interface {
	// Commit gives the value its place and adds the metadata of its Output. If it fails, the
	// earlier value stays and nothing is left to discard. Only if its error matches
	// [ErrUnknownOutcome] may the new value have its place. If the context has ended before,
	// Commit fails; a Commit that has begun is not interrupted.
	Commit() error
	// Discard removes what was made ready. It works even if the context has ended.
	Discard() error
}

// staged is a Staged of this package's managers.
type staged struct {
	out     Output
	commit  func() error
	discard func() error
}

func (s staged) Commit() error {
	if err := s.commit(); err != nil {
		return fmt.Errorf("storing %v: %w", s.out, err)
	}
	return nil
}

func (s staged) Discard() error {
	if err := s.discard(); err != nil {
		return fmt.Errorf("discarding what was ready for %v: %w", s.out, err)
	}
	return nil
}

// storeStaged is the Store of a manager that is a [Stager].
func storeStaged(ctx context.Context, stager Stager, out Output, value any) error {
	ready, err := stager.Stage(ctx, out, value)
	if err != nil {
		return err
	}
	return ready.Commit()
}

// Assignment is one of several values to be stored together by [StoreAll].
type Assignment struct {
	Manager IOManager
	Output  Output
	Value   any
	// Stored, if not nil, is called once the value is stored, which it may be
	// although another one is not.
	Stored func()
}

func (a Assignment) tellStored() {
	if a.Stored != nil {
		a.Stored()
	}
}

// StoreAll stores several values. If their managers are [Stager]s, or [Joiner]s that join each
// other, either all values are stored or none. It first stages the values of Stagers, then stores
// the values of other managers, and then shows the staged values. The end of ctx does not
// interrupt this last part. Only a failure of the last, small steps, such as a rename, and a
// failure of one of several managers that are neither Stagers nor join each other, can still
// leave some values stored and others not. The error then names the values that are stored.
func StoreAll(ctx context.Context, assignments []Assignment) (err error) {
	own := detach.New(ctx)
	defer own.End()
	var ready []Staged
	defer func() { // also when a stream panics
		for _, staged := range ready {
			err = errors.Join(err, staged.Discard())
		}
	}()
	var staging, rest []Assignment
	var names, stored []string
	for _, a := range assignments {
		stager, ok := a.Manager.(Stager)
		if !ok || !stager.Stages(a.Manager) {
			rest = append(rest, a)
			continue
		}
		staged, err := stager.Stage(own, a.Output, a.Value)
		if err != nil {
			return own.Explain(err)
		}
		ready, staging, names = append(ready, staged), append(staging, a), append(names, a.Output.String())
	}
	if stored, err = storeGroups(ctx, rest); err != nil {
		return beside(err, stored)
	}
	if err := own.Detach(detach.Grace); err != nil && len(ready) > 0 {
		return beside(fmt.Errorf("storing %s: %w", strings.Join(names, ", "), err), stored)
	}
	for len(ready) > 0 {
		next := ready[0]
		ready = ready[1:]
		if err := next.Commit(); err != nil {
			return beside(err, stored)
		}
		staging[0].tellStored()
		stored, names, staging = append(stored, names[0]), names[1:], staging[1:]
	}
	return nil
}

// beside says which values are stored although another one is not.
func beside(err error, stored []string) error {
	if len(stored) == 0 {
		return err
	}
	return fmt.Errorf("%w; the new values of these are stored: %s", err, strings.Join(stored, ", "))
}

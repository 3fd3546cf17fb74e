package iomanagers

import (
	"context"
	"errors"
	"fmt"
)

// Stager is implemented by managers that can make a value ready without showing it. A step that
// makes several values stages all of them before it shows the first, so that a failure in the
// second leaves the first as it was.
//
// A manager that changes what another one's Store does must do so with its Stage, or have none: a
// struct that embeds a *FileManager has it, one that embeds an IOManager has not.
type Stager interface {
	// Stage does what Store does but for the last step, in which the value takes the place of
	// the earlier one. Its errors are those of Store; after one there is nothing to discard.
	// ctx bounds the life of what it returns.
	Stage(ctx context.Context, out Output, value any) (Staged, error)
}

// Staged is a value that is ready to be stored. It is used by one goroutine. Exactly one of
// Commit and Discard is called, once.
type Staged interface {
	// Commit gives the value its place and adds the metadata of its Output. If it fails, the
	// earlier value stays and nothing is left to discard.
	Commit() error
	// Discard leaves nothing behind. It works also when the context has ended.
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
}

// StoreAll stores several values so that either all are stored or, as far as their managers are
// [Stager]s, none: it stages these, then stores those of other managers, then shows what was
// staged. What can still come between is a failure of the last, small steps: a rename, a commit.
func StoreAll(ctx context.Context, assignments []Assignment) (err error) {
	var ready []Staged
	defer func() { // also when a stream panics
		for _, staged := range ready {
			err = errors.Join(err, staged.Discard())
		}
	}()
	var rest []Assignment
	for _, a := range assignments {
		stager, ok := a.Manager.(Stager)
		if !ok {
			rest = append(rest, a)
			continue
		}
		staged, err := stager.Stage(ctx, a.Output, a.Value)
		if err != nil {
			return err
		}
		ready = append(ready, staged)
	}
	for _, a := range rest {
		if err := a.Manager.Store(ctx, a.Output, a.Value); err != nil {
			return err
		}
	}
	for len(ready) > 0 {
		next := ready[0]
		ready = ready[1:]
		if err := next.Commit(); err != nil {
			return err
		}
	}
	return nil
}

package runs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/iomanagers"
)

// Several runs may store one asset at the same time. A step whose upstream is part of its run
// must get the value of its run, or fail. An IO manager that keeps the run with a value finds
// out whose value it loads. For any other IO manager the launcher notes which values are
// stored in this process.

// storings are the values that a launcher has had stored, by the key of storage.
type storings struct {
	mu    sync.Mutex
	known map[string]*stored
}

// stored is what is known of the value of one key.
type stored struct {
	begun   uint64 // counts the Stores that have begun
	running int
	turn    chan struct{} // full while somebody has the turn to store
	waiting int           // how many wait for the turn
	lock    storeLock
}

// of returns what is known of a key. The caller holds the mutex.
func (s *storings) of(key string) *stored {
	if s.known == nil {
		s.known = make(map[string]*stored)
	}
	of := s.known[key]
	if of == nil {
		of = &stored{turn: make(chan struct{}, 1)}
		s.known[key] = of
	}
	return of
}

// enter waits until nobody in this process has the turn to store a key, and takes it. The
// caller gives it back by leave.
func (s *storings) enter(ctx context.Context, key string) (*stored, error) {
	of := s.wait(key, 1)
	defer s.wait(key, -1)
	select {
	case of.turn <- struct{}{}:
		return of, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// leave gives a turn to others.
func (s *stored) leave() { <-s.turn }

// wait counts those who wait for the turn to store a key.
func (s *storings) wait(key string, more int) *stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.of(key)
	of.waiting += more
	return of
}

// isAwaited reports whether somebody in this process waits for the turn.
func (s *storings) isAwaited(of *stored) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return of.waiting > 0
}

// storing is one Store.
type storing struct {
	number uint64
	alone  bool // no other Store was under way as it began
}

// begin notes that a Store begins.
func (s *storings) begin(key string) storing {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.of(key)
	of.begun++
	of.running++
	return storing{number: of.begun, alone: of.running == 1}
}

// end notes that a Store has ended.
func (s *storings) end(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[key].running--
}

// stands reports whether the value of a Store that has succeeded must still be there: no
// other Store was under way at its time, and none has begun after it.
func (s *storings) stands(key string, of storing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return of.alone && s.known[key].begun == of.number
}

// begin notes that a value is being stored here for the run. The caller calls succeeded once
// the value is stored, and in any case ended. A value of an op belongs to its run anyway.
func (s *site) begin(output assets.Output, key string) (succeeded, ended func()) {
	if output.Kind == assets.KindOp {
		return func() {}, func() {}
	}
	of := s.launcher.stores.begin(key)
	succeeded = func() {
		s.madeMu.Lock()
		defer s.madeMu.Unlock()
		s.made[key] = of
	}
	return succeeded, func() { s.launcher.stores.end(key) }
}

// unchanged returns an error if the value that was stored here for the run may have been
// replaced. Of a value that was stored in another process, nothing is known.
func (s *site) unchanged(key string) error {
	s.madeMu.Lock()
	of, ok := s.made[key]
	s.madeMu.Unlock()
	if !ok || s.launcher.stores.stands(key, of) {
		return nil
	}
	return fmt.Errorf("loading %s: %w: another run has stored it, or is storing it", key, iomanagers.ErrReplaced)
}

// ownInput is an input of a step that must be the value of the run.
type ownInput struct {
	key       string
	confirmed atomic.Bool // by the IO manager
}

// ownInput says of a Load that it wants the value of the run, if a step of the run makes it. A
// run that repeats another one wants the values of the steps that it leaves out. A
// value of an op has the run in its key.
func (x *stepExecution) ownInput(input assets.Input, in *iomanagers.Input) *ownInput {
	run := x.site.launch.id
	if !input.Planned {
		run, _ = x.site.launch.asked.Retry.madeBy(input.Key)
	}
	if run == "" || input.Kind == assets.KindOp {
		return nil
	}
	own := &ownInput{key: in.Asset}
	in.MadeBy = run
	in.Confirm = func() { own.confirmed.Store(true) }
	return own
}

// checkOwn returns an error if an input that must be the value of the run may be that of
// another run. It is called once the inputs are read.
func (x *stepExecution) checkOwn() error {
	var errs []error
	for _, own := range x.own {
		if !own.confirmed.Load() {
			errs = append(errs, x.site.unchanged(own.key))
		}
	}
	return replaced(errors.Join(errs...))
}

// replaced says what to do about a value that another run has replaced. A further attempt
// would find the other value again.
func replaced(err error) error {
	if !errors.Is(err, iomanagers.ErrReplaced) || assets.IsPermanent(err) {
		return err
	}
	return assets.Permanent(fmt.Errorf("%w: the step computes only from the value of its own run, or of the run that it repeats; launch all steps again when no other run stores the same assets", err))
}

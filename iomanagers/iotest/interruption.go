package iotest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

const (
	// interruptions is how many Stores are cancelled at a random moment, of each kind of value.
	interruptions = 40
	// mostLooks bounds how often a Store is cancelled at one of its looks at the context.
	mostLooks = 100
	// healthy is how long a Store may take after others were cancelled.
	healthy = 30 * time.Second
)

// interruptedTellsTheTruth cancels Stores at every moment that it can reach. Whatever they
// answer must be what a Load then finds.
func interruptedTellsTheTruth(t *testing.T, s Subject) {
	kinds := map[string]func(i int) (given, kept any){
		"values": func(i int) (any, any) { return s.Value(i), s.Value(i) },
	}
	if s.Can&Streams != 0 && !s.isText() {
		kinds["streams"] = func(i int) (any, any) {
			all := numbered(rows.Size + i + 1)
			return streamed(all), all
		}
	}
	for kind, value := range kinds {
		in := &interrupted{Subject: s, asset: "interrupted/" + kind, value: value}
		in.run(t)
	}
	if open := s.stillOpen(t, 0); open != 0 {
		t.Errorf("%d things are still open", open)
	}
}

// interrupted is one asset whose Stores are cancelled.
type interrupted struct {
	Subject
	asset string
	value func(i int) (given, kept any)
	next  int
	old   any // what is stored
}

func (in *interrupted) run(t *testing.T) {
	var took time.Duration
	for range 3 {
		began := time.Now()
		in.mustStore(t)
		took = max(took, time.Since(began))
	}
	for range interruptions {
		moment := time.Duration(rand.Int64N(int64(took*5/4) + 1))
		ctx, cancel := context.WithTimeout(t.Context(), moment)
		_ = in.store(ctx, t, fmt.Sprintf("%s after its begin, of %s", moment, took))
		cancel()
	}
	for look := range mostLooks {
		ctx, cancel := context.WithCancel(t.Context())
		counted := &countdown{Context: ctx, cancel: cancel}
		counted.left.Store(int64(look) + 1)
		_ = in.store(counted, t, fmt.Sprintf("at look %d at the context", look))
		cancel()
		if counted.left.Load() > 0 { // it has not looked as often
			break
		}
	}
	in.mustStore(t)
}

// mustStore stores without an interruption. Stores that were cancelled must not be in its way.
func (in *interrupted) mustStore(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), healthy)
	defer cancel()
	if err := in.store(ctx, t, "by nothing"); err != nil {
		t.Fatalf("Store, after others were cancelled: %v", err)
	}
}

// store stores the next value under ctx and checks that the answer is true.
func (in *interrupted) store(ctx context.Context, t *testing.T, moment string) error {
	t.Helper()
	given, kept := in.value(in.next)
	in.next++
	out := in.output(in.asset, "", given)
	out.Metadata = map[string]any{}
	err := in.Manager.Store(ctx, out, given)
	unknown := errors.Is(err, iomanagers.ErrUnknownOutcome)
	if err != nil && !unknown && len(out.Metadata) > 0 {
		t.Errorf("a Store that was cancelled %s fails with %v, and adds metadata: %v", moment, err, out.Metadata)
	}

	dst := reflect.New(reflect.TypeOf(kept))
	loadErr := in.Manager.Load(t.Context(), iomanagers.Input{
		Asset: in.asset, Format: in.Format, Type: dst.Type().Elem(), Stored: reflect.TypeOf(given),
	}, dst.Interface())
	found := dst.Elem().Interface()
	switch {
	case errors.Is(loadErr, iomanagers.ErrNotFound) && err != nil && in.old == nil:
	case loadErr != nil:
		t.Fatalf("a Load after a Store that was cancelled %s: %v", moment, loadErr)
	case equal(kept, found):
		if err != nil && !unknown {
			t.Errorf("a Store that was cancelled %s fails with %q, but its value is stored", moment, err)
		}
		in.old = kept
	case in.old != nil && equal(in.old, found):
		if err == nil {
			t.Errorf("a Store that was cancelled %s succeeds, but the earlier value is stored", moment)
		}
	default:
		t.Fatalf("after a Store that was cancelled %s, and answered %v, neither its value nor the earlier one is stored", moment, err)
	}
	return err
}

// countdown is a context that ends when it has been looked at so many times.
type countdown struct {
	context.Context
	cancel context.CancelFunc
	left   atomic.Int64
}

func (c *countdown) Done() <-chan struct{} {
	c.look()
	return c.Context.Done()
}

func (c *countdown) Err() error {
	c.look()
	return c.Context.Err()
}

func (c *countdown) look() {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
}

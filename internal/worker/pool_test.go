package worker_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/internal/goroutine"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/worker"
)

var errUser = errors.New("the user's own")

func TestGuard(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	pool := new(worker.Pool)
	defer pool.Close()
	for name, test := range map[string]struct {
		call func() error
		want error
	}{
		"a function's error is returned":          {func() error { return errUser }, errUser},
		"a function without an error gives none":  {func() error { return nil }, nil},
		"a panic with an error can be matched":    {func() error { panic(errUser) }, errUser},
		"an end of the goroutine is an error too": {func() error { runtime.Goexit(); return nil }, panics.ErrGoexit},
		"its error may be returned as well":       {func() error { return panics.ErrGoexit }, panics.ErrGoexit},
		"a function may call another one":         {func() error { return pool.Guard(func() error { return errUser }) }, errUser},
	} {
		t.Run(name, func(t *testing.T) {
			if err := pool.Guard(test.call); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if err := pool.Guard(func() error { return errUser }); !errors.Is(err, errUser) {
				t.Errorf("afterwards it returns %v", err)
			}
		})
	}
}

func TestAClosedPoolCallsFunctionsAndLeavesNothingBehind(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	pool := new(worker.Pool)
	_ = pool.Guard(func() error { pool.Close(); return nil }) // while a worker is busy
	if err := pool.Guard(func() error { return errUser }); !errors.Is(err, errUser) {
		t.Errorf("got %v", err)
	}
}

func TestAFunctionThatIgnoresItsContextIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*worker.Pool, func() error, func(error)) error{
		"after the end of its context": func(pool *worker.Pool, call func() error, late func(error)) error {
			ctx, cancel := worker.WithLimit(context.Background(), time.Minute)
			defer cancel()
			return pool.Call(ctx, 0, call, late)
		},
		"after its limit": func(pool *worker.Pool, call func() error, late func(error)) error {
			return pool.Call(context.Background(), time.Minute, call, late)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pool := new(worker.Pool)
				defer pool.Close()
				began, returned := time.Now(), make(chan error, 1)
				err := call(pool, func() error { time.Sleep(time.Hour); return errUser }, func(err error) { returned <- err })
				if took := time.Since(began); took != time.Minute+resource.Grace || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("after %s: %v", took, err)
				}
				if err := <-returned; !errors.Is(err, errUser) {
					t.Errorf("what came late is %v", err)
				}
			})
		})
	}
}

func TestAWorkerIsAMemberWhileItExecutesAFunction(t *testing.T) {
	t.Parallel()
	members := new(goroutine.Set)
	pool := &worker.Pool{Members: members}
	defer pool.Close()
	for range 2 { // also a worker that is used again
		err := pool.Guard(func() error {
			if !members.HasCaller() {
				return errors.New("the worker is no member")
			}
			return nil
		})
		if err != nil || members.HasCaller() {
			t.Error(err)
		}
	}
}

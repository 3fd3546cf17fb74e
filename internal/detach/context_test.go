package detach_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxrun/fxrun/internal/detach"
)

func TestContext(t *testing.T) {
	t.Parallel()
	t.Run("ends with its parent, with the parent's error", func(t *testing.T) {
		t.Parallel()
		parent, cancel := context.WithTimeout(t.Context(), 0)
		defer cancel()
		c := detach.New(parent)
		defer c.End()
		<-c.Done()
		if err := c.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v, want context.DeadlineExceeded", err)
		}
		if err := c.Detach(detach.Grace); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Detach returned %v, want context.DeadlineExceeded", err)
		}
	})
	t.Run("tells the end of its parent at once", func(t *testing.T) {
		t.Parallel()
		for range 1000 { // a goroutine that has to run first is seldom fast enough every time
			parent, cancel := context.WithCancel(t.Context())
			c := detach.New(parent)
			cancel()
			if err := c.Err(); !errors.Is(err, context.Canceled) {
				t.Fatalf("the error is %v, want context.Canceled", err)
			}
			c.End()
		}
	})
	t.Run("goes on after its parent once it is detached, but not for ever", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			parent, cancel := context.WithCancel(t.Context())
			c := detach.New(parent)
			defer c.End()
			for range 2 {
				if err := c.Detach(detach.Grace); err != nil {
					t.Fatal(err)
				}
			}
			cancel()
			synctest.Wait()
			if err := c.Err(); err != nil {
				t.Errorf("it has ended with its parent: %v", err)
			}
			began := time.Now()
			<-c.Done()
			if took := time.Since(began); took != detach.Grace || !errors.Is(c.Err(), context.Canceled) {
				t.Errorf("it ended after %v with %v, want %v and context.Canceled", took, c.Err(), detach.Grace)
			}
		})
	})
	t.Run("goes on until its end where it has no grace", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			parent, cancel := context.WithCancel(t.Context())
			c := detach.New(parent)
			if err := c.Detach(0); err != nil {
				t.Fatal(err)
			}
			cancel()
			time.Sleep(time.Hour)
			if err := c.Err(); err != nil {
				t.Errorf("it has ended with its parent: %v", err)
			}
			c.End()
			if err := c.Detach(0); !errors.Is(err, context.Canceled) {
				t.Errorf("Detach returned %v after the end, want context.Canceled", err)
			}
		})
	})
	t.Run("ends what was derived from it, and explains its errors", func(t *testing.T) {
		t.Parallel()
		parent, cancel := context.WithTimeout(t.Context(), 0)
		defer cancel()
		c := detach.New(parent)
		defer c.End()
		child, stop := context.WithCancel(c)
		defer stop()
		if err := c.Explain(child.Err()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v, want context.DeadlineExceeded", err)
		}
		if err := c.Explain(nil); err != nil {
			t.Errorf("no error is explained by %v", err)
		}
	})
	t.Run("has the values of its parent", func(t *testing.T) {
		t.Parallel()
		type key struct{}
		c := detach.New(context.WithValue(t.Context(), key{}, 7))
		defer c.End()
		if got := c.Value(key{}); got != 7 {
			t.Errorf("the value is %v, want 7", got)
		}
	})
	t.Run("ends once", func(t *testing.T) {
		t.Parallel()
		c := detach.New(t.Context())
		c.End()
		c.End()
		if err := c.Err(); !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v, want context.Canceled", err)
		}
	})
}

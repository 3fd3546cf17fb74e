package backoff_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxrun/fxrun/backoff"
)

func TestWait(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wait, lasts time.Duration // lasts is when the context ends
		want        bool
		took        time.Duration
	}{
		"the wait is over before the context":      {time.Minute, time.Hour, true, time.Minute},
		"the context ends before the wait":         {time.Hour, time.Minute, false, time.Minute},
		"no wait is over at once":                  {0, time.Hour, true, 0},
		"a wait below zero is over at once":        {-time.Hour, time.Hour, true, 0},
		"a context that has ended lasts no longer": {0, 0, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.lasts)
				defer cancel()
				began := time.Now()
				if got := backoff.Wait(ctx, test.wait); got != test.want {
					t.Errorf("got %t", got)
				}
				if took := time.Since(began); took != test.took {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

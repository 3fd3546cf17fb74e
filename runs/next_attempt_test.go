package runs_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/runs"
)

func TestNextAttempt(t *testing.T) {
	t.Parallel()
	minutes := func(attempt int) time.Duration { return time.Duration(attempt) * time.Minute }
	const panicked = "boom\nchoosing when to try again: panic: ouch"
	permanent := assets.Permanent(errBoom)
	for name, test := range map[string]struct {
		step    assets.Step
		attempt int
		err     error
		again   bool
		wait    time.Duration
		text    string
	}{
		"a step without retries is not tried again": {assets.Step{Backoff: minutes}, 1, errBoom, false, 0, "boom"},
		"a retry waits as the backoff says":         {assets.Step{Retries: 2, Backoff: minutes}, 2, errBoom, true, 2 * time.Minute, "boom"},
		"no retry follows the last one":             {assets.Step{Retries: 2, Backoff: minutes}, 3, errBoom, false, 0, "boom"},
		"no retry follows a permanent error":        {assets.Step{Retries: 2, Backoff: minutes}, 1, permanent, false, 0, permanent.Error()},
		"a retry without a backoff does not wait":   {assets.Step{Retries: 1}, 1, errBoom, true, 0, "boom"},
		"a backoff of less than zero does not wait": {assets.Step{Retries: 1, Backoff: func(int) time.Duration { return -1 }}, 1, errBoom, true, 0, "boom"},
		"no retry follows a panic of the backoff":   {assets.Step{Retries: 1, Backoff: func(int) time.Duration { panic("ouch") }}, 1, errBoom, false, 0, panicked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			again, wait, err := runs.NextAttempt(&test.step, test.attempt, test.err)
			if again != test.again || wait != test.wait {
				t.Errorf("got %t, %s", again, wait)
			}
			text, _, _ := strings.Cut(err.Error(), " (") // where the panic was
			if !errors.Is(err, errBoom) || text != test.text {
				t.Errorf("the error is %v, want %s", err, test.text)
			}
		})
	}
}

package backoff_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/fxrun/fxrun/backoff"
)

func ExampleExponential() {
	wait := backoff.Exponential(time.Second, 5*time.Second)
	fmt.Println(wait(1), wait(2), wait(3), wait(4))
	// Output: 1s 2s 4s 5s
}

func TestExponentialDoesNotOverflow(t *testing.T) {
	t.Parallel()
	wait := backoff.Exponential(time.Hour, math.MaxInt64)
	if got := wait(3); got != 4*time.Hour {
		t.Errorf("the third wait is %s", got)
	}
	for _, attempt := range []int{30, 1000} {
		if got := wait(attempt); got != math.MaxInt64 {
			t.Errorf("wait %d is %s", attempt, got)
		}
	}
}

func TestJitteredIsBetweenHalfAndAllOfTheWait(t *testing.T) {
	t.Parallel()
	wait := backoff.Jittered(backoff.Exponential(time.Second, time.Minute))
	for range 1000 {
		if got := wait(3); got < 2*time.Second || got > 4*time.Second {
			t.Fatalf("got %s", got)
		}
	}
}

func TestExponentialWithOddBounds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first, most, want time.Duration
	}{
		"a bound below the first wait is each wait": {time.Minute, time.Second, time.Second},
		"a first wait of zero is no wait":           {0, time.Minute, 0},
		"a first wait below zero is no wait":        {-3 << 40, time.Minute, 0},
		"a bound of zero is no wait":                {time.Minute, 0, 0},
		"a bound below zero is no wait":             {time.Minute, -time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wait := backoff.Exponential(test.first, test.most)
			for _, attempt := range []int{1, 2, 23, 100} {
				if got := wait(attempt); got != test.want {
					t.Errorf("wait %d is %s, want %s", attempt, got, test.want)
				}
			}
		})
	}
}

func TestJitteredOfNoBackoffIsNone(t *testing.T) {
	t.Parallel()
	if backoff.Jittered(nil) != nil {
		t.Error("it is not nil")
	}
}

package panics_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/fxrun/fxrun/internal/panics"
)

func TestCall(t *testing.T) {
	t.Parallel()
	errUser := errors.New("the user's own")
	for name, test := range map[string]struct {
		call func() error
		want error
	}{
		"a function's error is given":             {func() error { return errUser }, errUser},
		"a function without an error gives none":  {func() error { return nil }, nil},
		"a panic with an error can be matched":    {func() error { panic(errUser) }, errUser},
		"an end of the goroutine is an error too": {func() error { runtime.Goexit(); return nil }, panics.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan error, 1)
			go panics.Call(test.call, func(err error) { ended <- err })
			if err := <-ended; !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

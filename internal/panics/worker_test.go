package panics_test

import (
	"errors"
	"runtime"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/internal/panics"
)

func TestWorker(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	errUser := errors.New("the user's own")
	worker := new(panics.Worker)
	defer worker.Close()
	for name, test := range map[string]struct {
		call func() error
		want error
	}{
		"a function's error is returned":          {func() error { return errUser }, errUser},
		"a function without an error gives none":  {func() error { return nil }, nil},
		"a panic with an error can be matched":    {func() error { panic(errUser) }, errUser},
		"an end of the goroutine is an error too": {func() error { runtime.Goexit(); return nil }, panics.ErrGoexit},
		"its error may be returned as well":       {func() error { return panics.ErrGoexit }, panics.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			if err := worker.Guard(test.call); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if err := worker.Guard(func() error { return errUser }); !errors.Is(err, errUser) {
				t.Errorf("afterwards it returns %v", err)
			}
		})
	}
}

package panics_test

import (
	"errors"
	"runtime"
	"strings"
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

// broken is an error whose text can't be read.
type broken struct{ read func() string }

func (b *broken) Error() string { return b.read() }

func TestErrorWhoseTextCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"a nil pointer":               {(*broken)(nil), "nil pointer dereference (panics_test.(*broken).Error"},
		"a text that panics":          {&broken{func() string { panic("ouch") }}, "panic: ouch"},
		"a text that ends all":        {&broken{func() string { runtime.Goexit(); return "" }}, panics.ErrGoexit.Error()},
		"such an error among others":  {errors.Join(errors.New("first"), (*broken)(nil)), "nil pointer dereference"},
		"an error with a proper text": {&broken{func() string { return "proper" }}, "proper"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := panics.Guard(func() error { return test.err }); !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

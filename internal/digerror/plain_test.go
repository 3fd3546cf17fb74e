package digerror_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/dig"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/digerror"
)

var errPool = errors.New("the pool is down")

type account struct{ user, password string }

// secret has lines that look like those of Fx.
var secret = account{"me) from:\n", "hunter2\n\tFailed: (type int)"}

func newPool() (int8, error) { return 0, errPool }

// wrapping fails with an error that wraps one of dig.
func wrapping() (int8, error) { return 0, fmt.Errorf("opening: %w: %w", errPool, missing()) }

func newOfText(string) int8 { return 0 }

func missing() error { return dig.New().Invoke(func(string) {}) }

func cycle() error { return dig.New().Provide(func(int8) int8 { return 0 }) }

// failed returns the error of an application.
func failed(options ...fx.Option) error {
	return fx.New(fx.Options(options...), fx.NopLogger).Err()
}

var line = regexp.MustCompile(`\.go:\d+`)

func TestPlainly(t *testing.T) {
	t.Parallel()
	use := fx.Invoke(func(int8) {})
	for name, test := range map[string]struct {
		err  error
		want string // with which the text begins
	}{
		"an error without dig stays as it is":            {errPool, "the pool is down"},
		"an error of a constructor comes after its name": {failed(fx.Provide(newPool), use), "digerror_test.newPool: the pool is down"},
		"an error that wraps one of dig keeps its text":  {failed(fx.Provide(wrapping), use), "digerror_test.wrapping: opening: the pool is down: missing dependencies for function"},
		"an error of a decorator comes after the type":   {failed(fx.Supply(int8(1)), fx.Decorate(func(int8) (int8, error) { return newPool() }), use), "building int8: the pool is down"},
		"an error of a constructor that fx.Annotate has made comes after the type": {
			failed(fx.Provide(fx.Annotate(newPool, fx.ParamTags())), use), "building int8: the pool is down",
		},
		"an error far below comes after its own function": {
			failed(fx.Provide(newPool, func(int8) int16 { return 0 }), fx.Invoke(func(int16) {})), "digerror_test.newPool: the pool is down",
		},
		"an error of a decorator that wraps one of dig comes after the type": {
			failed(fx.Supply(int8(1)), fx.Decorate(func(int8) (int8, error) { return wrapping() }), use), "building int8: opening: the pool is down: missing",
		},
		"an error of a function that is invoked comes alone": {failed(fx.Invoke(func() error { return errPool })), "the pool is down"},
		"a missing type comes with the function that needs it": {
			failed(fx.Provide(newOfText), use), "digerror_test.newOfText (plain_test.go:LINE): missing type: string",
		},
		"a type that is provided twice comes with the place": {
			failed(fx.Supply(int8(1)), fx.Provide(newPool)), "fx.Provide (plain_test.go:LINE): int8 is provided already",
		},
		"a type whose name has spaces comes whole": {
			failed(fx.Provide(func() map[string]any { return nil }, func() map[string]any { return nil })), "fx.Provide (plain_test.go:LINE): map[string]interface {} is provided already",
		},
		"a type that is decorated twice comes with the place": {
			failed(fx.Supply(int8(1)), fx.Replace(int8(2)), fx.Replace(int8(3))), "fx.Decorate (plain_test.go:LINE): cannot decorate using function func() int8: int8 already decorated",
		},
		"what is no constructor comes with the place and the type alone": {
			failed(fx.Provide(secret)), "fx.Provide (plain_test.go:LINE): must provide constructor function, got a value of type digerror_test.account",
		},
		"what is annotated and no constructor comes with the place and the type alone": {
			failed(fx.Provide(fx.Annotate(secret))), "fx.Provide (plain_test.go:LINE): must provide constructor function, got a value of type digerror_test.account",
		},
		"what is invoked and no function comes with the type alone": {
			failed(fx.Invoke(secret)), "can't invoke a value of type digerror_test.account",
		},
		"a hook that lacks a type comes with the place": {
			failed(fx.Provide(fx.Annotate(newOfText, fx.OnStart(func(int16) {})))), "fx.Provide (plain_test.go:LINE): the OnStart hook function takes in a parameter of \"int16\"",
		},
		"an option within another one comes with the place": {
			failed(fx.Provide(fx.Supply(secret))), "fx.Provide (plain_test.go:LINE): fx.Option should be passed to fx.New directly, not to fx.Provide",
		},
		"an option that is invoked comes with the place": {
			failed(fx.Invoke(fx.Supply(secret))), "fx.Invoke (plain_test.go:LINE): fx.Option should be passed to fx.New directly, not to fx.Invoke",
		},
		"a constructor with a name and a group comes with the place": {
			failed(fx.Provide(fx.Annotated{Name: "a", Group: "b", Target: newOfText})), "fx.Provide (plain_test.go:LINE): fx.Annotated may specify only one of Name or Group",
		},
		"a cycle is said to be one":                                 {cycle(), "there is a cycle: "},
		"an error that wraps a cycle is not said to be a cycle":     {failed(fx.Invoke(func() error { return fmt.Errorf("opening: %w", cycle()) })), "opening: "},
		"an error that wraps a missing type has its text unchanged": {failed(fx.Invoke(func() error { return fmt.Errorf("opening: %w", missing()) })), "opening: missing dependencies for function"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := digerror.Plainly(test.err)
			if text := line.ReplaceAllString(plain.Error(), ".go:LINE"); !strings.HasPrefix(text, test.want) {
				t.Errorf("got  %v\nwant %s...", plain, test.want)
			}
			if strings.Contains(plain.Error(), "hunter2") {
				t.Errorf("the error shows a password: %v", plain)
			}
			if errors.Is(plain, errPool) != errors.Is(test.err, errPool) || dig.IsCycleDetected(plain) != dig.IsCycleDetected(test.err) {
				t.Errorf("the error below is lost: %v", plain)
			}
		})
	}
}

func TestCause(t *testing.T) {
	t.Parallel()
	_, wrapped := wrapping()
	err := failed(fx.Provide(wrapping), fx.Invoke(func(int8) {}))
	if got := digerror.Cause(err); got.Error() != wrapped.Error() {
		t.Errorf("got %v, want %v", got, wrapped)
	}
}

package cli_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

func TestAnErrorIsToldOnce(t *testing.T) {
	type client struct{}
	for name, definitions := range map[string][]fx.Option{
		"of a step": {assets.New("one", func() (int, error) { return 0, errors.New("the cause") })},
		"of a step, in lines": {assets.New("one", func() (int, error) {
			return 0, fmt.Errorf("first\n%w\nlast", errors.New("the cause"))
		})},
		"of an op":   {assets.NewJob("job", assets.NewOp("one", func() error { return errors.New("the cause") }))},
		"of a panic": {assets.New("one", func() int { panic("the cause") })},
		"of a constructor": {
			container.Provide("client", func() (*client, error) { return nil, errors.New("the cause") }),
			assets.New("one", func(*client) int { return 1 }),
		},
		"of a stop hook": {
			container.Provide("client", func(lc fx.Lifecycle) *client {
				lc.Append(fx.StopHook(func() error { return errors.New("the cause") }))
				return &client{}
			}),
			assets.New("one", func(*client) int { return 1 }),
		},
	} {
		t.Run(name, func(t *testing.T) {
			newHome(t)
			got := execute(t, definitions, "run")
			if n := strings.Count(got.out+got.err, "the cause"); got.code != 1 || n != 1 {
				t.Errorf("exit code %d, run tells it %d times\n%s%s", got.code, n, got.out, got.err)
			}
			for _, args := range [][]string{{"runs", "show"}, {"logs", "--events"}} {
				out := succeed(t, definitions, args...)
				out, _, _ = strings.Cut(out, "goroutine ") // a stack begins with the panic
				if n := strings.Count(out, "the cause"); n != 1 {
					t.Errorf("%q tells it %d times\n%s", args, n, out)
				}
			}
		})
	}
	t.Run("two steps with the same error are both told", func(t *testing.T) {
		newHome(t)
		fail := func() error { return errors.New("the cause") }
		definitions := []fx.Option{assets.New("one", fail), assets.New("two", fail)}
		if got := execute(t, definitions, "run"); strings.Count(got.out, "the cause") != 2 {
			t.Errorf("got\n%s", got.out)
		}
		if got := succeed(t, definitions, "runs", "show"); strings.Count(got, "the cause") != 2 {
			t.Errorf("got\n%s", got)
		}
	})
}

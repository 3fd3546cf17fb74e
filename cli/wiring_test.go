package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/dig"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/runs"
)

type nobodysType struct{}

func TestWrongWiringOfTheApplicationIsBadInput(t *testing.T) {
	t.Setenv("FXRUN_HOME", t.TempDir())
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), []string{"assets"}, cli.Streams{Out: &out, Err: &errs}, fx.Invoke(func(*nobodysType) {}))
	if code != 64 || !strings.Contains(errs.String(), "missing type: *cli_test.nobodysType") || !strings.Contains(errs.String(), "wiring_test.go:") {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
}

// newClient fails to connect.
func newClient() (*nobodysType, error) { return nil, errPool }

// newPlugins fails with an error that wraps one of dig.
func newPlugins() (*nobodysType, error) { return nil, fmt.Errorf("opening plugins: %w", noInteger()) }

var errPool = errors.New("the pool is down")

func noInteger() error { return dig.New().Invoke(func(int) {}) }

// faults returns an error that lists two faults.
func faults() error {
	_, err := container.New(
		container.Provide("a", func(*nobodysType) int8 { return 0 }),
		container.Provide("b", func(*nobodysType) int16 { return 0 }))
	return err
}

func TestTheErrorOfAFunctionOfTheApplicationIsShownWhole(t *testing.T) {
	use := fx.Invoke(func(*nobodysType) {})
	for name, test := range map[string]struct {
		option fx.Option
		code   int
		want   []string
	}{
		"of a constructor, after its name": {
			fx.Options(fx.Provide(newClient), use), 1, []string{"error: building the application: cli_test.newClient: the pool is down\n"},
		},
		"of a function that is invoked": {
			fx.Invoke(func() error { return errPool }), 1, []string{"error: building the application: the pool is down\n"},
		},
		"that wraps one of dig": {
			fx.Options(fx.Provide(newPlugins), use), 1, []string{"error: building the application: cli_test.newPlugins: opening plugins: missing dependencies"},
		},
		"that wraps a cycle of another application": {
			fx.Invoke(func() error {
				return fmt.Errorf("opening plugins: %w", fx.New(host.Quiet, fx.Provide(func(int8) int8 { return 0 }), fx.Invoke(func(int8) {})).Err())
			}), 1, []string{"error: building the application: opening plugins: "},
		},
		"that wraps a list of faults": {
			fx.Invoke(func() error { return fmt.Errorf("reading tenants: %w (see the manual)", faults()) }), 64,
			[]string{"error: building the application: reading tenants: building the container: 2 faults\n  - resource a (", "\n  - resource b (", "counts as none (see the manual)\n"},
		},
		"of a start hook, that wraps a list of faults": {
			fx.Invoke(func(lc fx.Lifecycle) {
				lc.Append(fx.StartHook(func() error { return fmt.Errorf("reading tenants: %w", faults()) }))
			}), 64, []string{"error: starting the application: reading tenants: building the container: 2 faults\n  - resource a ("},
		},
		"of fxrun itself": {
			fx.Options(fx.Supply(&runs.Limits{Runs: -1}), fx.Invoke(func(*runs.Launcher) {})), 64, []string{"error: building the application: checking the limits: the number of runs is -1"},
		},
		"two of fx.Error": {
			fx.Error(errPool, errors.New("boom")), 1, []string{"error: building the application: the pool is down; boom\n"},
		},
		"that is a list of faults": {
			fx.Invoke(faults), 64, []string{"error: building the container: 2 faults\n  - resource a ("},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("FXRUN_HOME", t.TempDir())
			var out, errs bytes.Buffer
			code := cli.Run(t.Context(), []string{"run"}, cli.Streams{Out: &out, Err: &errs}, test.option, assets.New("asset", func() int { return 1 }))
			for _, want := range test.want {
				if code != test.code || !strings.Contains(errs.String(), want) {
					t.Errorf("exit code %d, want %d: %s\nwant %s", code, test.code, errs.String(), want)
				}
			}
		})
	}
}

func TestANilFakeIsBadInput(t *testing.T) {
	t.Setenv("FXRUN_HOME", t.TempDir())
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), []string{"run", "--select", "*"}, cli.Streams{Out: &out, Err: &errs},
		container.Provide("one", func() *nobodysType { panic("the real one was made") }),
		assets.New("asset", func(*nobodysType) error { return nil }),
		fx.Replace((*nobodysType)(nil)))
	if code != 64 || !strings.Contains(errs.String(), "fx.Replace gives nil for *cli_test.nobodysType") || !strings.Contains(errs.String(), "resource one (wiring_test.go:") {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
}

// nightly launches runs, so no run can use it.
type nightly struct{ launcher *runs.Launcher }

func TestAStepThatWouldLaunchRunsIsToldWhyNot(t *testing.T) {
	t.Setenv("FXRUN_HOME", t.TempDir())
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), []string{"assets"}, cli.Streams{Out: &out, Err: &errs},
		fx.Provide(func(l *runs.Launcher) *nightly { return &nightly{l} }),
		assets.New("asset", func(*nightly) error { return nil }))
	if code != 64 || !strings.Contains(errs.String(), "a definition takes something that the application builds from *runs.Launcher") {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
}

package cli_test

import (
	"bytes"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

type nobodysType struct{}

func TestWrongWiringOfTheApplicationIsBadInput(t *testing.T) {
	t.Setenv("FXRUN_HOME", t.TempDir())
	var out, errors bytes.Buffer
	code := cli.Run(t.Context(), []string{"assets"}, cli.Streams{Out: &out, Err: &errors}, fx.Invoke(func(*nobodysType) {}))
	if code != 64 || !strings.Contains(errors.String(), "missing type: *cli_test.nobodysType") || !strings.Contains(errors.String(), "wiring_test.go:") {
		t.Errorf("exit code %d: %s", code, errors.String())
	}
}

func TestANilFakeIsBadInput(t *testing.T) {
	t.Setenv("FXRUN_HOME", t.TempDir())
	var out, errors bytes.Buffer
	code := cli.Run(t.Context(), []string{"run", "--select", "*"}, cli.Streams{Out: &out, Err: &errors},
		container.Provide("one", func() *nobodysType { panic("the real one was made") }),
		assets.New("asset", func(*nobodysType) error { return nil }),
		fx.Replace((*nobodysType)(nil)))
	if code != 64 || !strings.Contains(errors.String(), "fx.Replace gives nil for *cli_test.nobodysType") || !strings.Contains(errors.String(), "resource one (wiring_test.go:") {
		t.Errorf("exit code %d: %s", code, errors.String())
	}
}

// nightly launches runs, so no run can use it.
type nightly struct{ launcher *runs.Launcher }

func TestAStepThatWouldLaunchRunsIsToldWhyNot(t *testing.T) {
	t.Setenv("FXRUN_HOME", t.TempDir())
	var out, errors bytes.Buffer
	code := cli.Run(t.Context(), []string{"assets"}, cli.Streams{Out: &out, Err: &errors},
		fx.Provide(func(l *runs.Launcher) *nightly { return &nightly{l} }),
		assets.New("asset", func(*nightly) error { return nil }))
	if code != 64 || !strings.Contains(errors.String(), "a definition takes something that the application builds from *runs.Launcher") {
		t.Errorf("exit code %d: %s", code, errors.String())
	}
}

package cli_test

import (
	"bytes"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/cli"
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

package cli_test

import (
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

func TestVariablesThatNoFieldReadsAreWarnedOf(t *testing.T) {
	newHome(t)
	type checks struct{}
	type checksConfig struct{ MinRows int }
	definitions := []fx.Option{
		container.Provide("checks", func(checksConfig) *checks { return new(checks) }, container.Config(checksConfig{}, container.FromEnv("UNREAD"))),
		assets.New("it", func(*checks) int { return 1 }),
	}
	t.Setenv("UNREAD_MIN_ROWS", secret)
	const warning = "warning: no field reads the environment variable UNREAD_MIN_ROWS, did you mean UNREAD_MINROWS?\n"
	for name, test := range map[string]struct {
		args []string
		code int
	}{
		"by a run":                     {[]string{"run"}, 0},
		"by a run that writes JSON":    {[]string{"run", "--json"}, 0},
		"by a run of wrong config":     {[]string{"run", "--set", "resources.checks.config.min_rows=x"}, 64},
		"by a dry run":                 {[]string{"run", "--dry-run"}, 0},
		"by a dry run to JSON":         {[]string{"run", "--dry-run", "--json"}, 0},
		"by a dry run of wrong config": {[]string{"run", "--dry-run", "--set", "resources.checks.config.min_rows=x"}, 64},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, definitions, test.args...)
			if got.code != test.code || !strings.HasPrefix(got.err, warning) || strings.Contains(got.err+got.out, secret) {
				t.Errorf("exit code %d, standard error %q", got.code, got.err)
			}
		})
	}
	t.Run("not where a launch refers to it", func(t *testing.T) {
		t.Setenv("UNREAD_MIN_ROWS", "3")
		if got := execute(t, definitions, "run", "--set", "resources.checks.config.min_rows={env: UNREAD_MIN_ROWS}"); got.code != 0 || got.err != "" {
			t.Errorf("exit code %d, standard error %q", got.code, got.err)
		}
	})
}

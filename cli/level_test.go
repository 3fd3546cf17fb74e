package cli_test

import (
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

func TestTheLevelOfTheLog(t *testing.T) {
	type client struct{}
	logging := func(more ...fx.Option) []fx.Option {
		return append(more,
			container.Provide("client", func(log *slog.Logger) *client {
				log.Debug("resource debugs")
				return &client{}
			}),
			assets.New("one", func(log *slog.Logger, step *assets.Context, _ *client) int {
				log.Debug("function debugs")
				step.Logger().Debug("step debugs")
				step.Logger().Info("step informs")
				step.Logger().Warn("step warns")
				return 1
			}))
	}
	all := []string{"resource debugs", "function debugs", "step debugs", "step informs", "step warns"}
	for name, test := range map[string]struct {
		args        []string
		more        fx.Option
		kept, shown []string
	}{
		"by default it is info":               {nil, fx.Options(), all[3:], all[3:]},
		"-v shows and keeps debug lines":      {[]string{"-v"}, fx.Options(), all, all},
		"a flag keeps what is not shown":      {[]string{"--log-level", "debug"}, fx.Options(), all, all[3:]},
		"a flag keeps less":                   {[]string{"--log-level", "WARN"}, fx.Options(), all[4:], all[4:]},
		"a flag wins over -v":                 {[]string{"-v", "--log-level", "warn"}, fx.Options(), all[4:], all[4:]},
		"the application may keep more":       {nil, fx.Supply(fxrun.LogLevel(slog.LevelDebug)), all, all[3:]},
		"the application may keep less":       {nil, fx.Supply(fxrun.LogLevel(slog.LevelError)), nil, nil},
		"a flag wins over the application":    {[]string{"--log-level", "info"}, fx.Supply(fxrun.LogLevel(slog.LevelError)), all[3:], all[3:]},
		"-v keeps what the application keeps": {[]string{"-v"}, fx.Supply(fxrun.LogLevel(slog.LevelDebug - 4)), all, all},
	} {
		t.Run(name, func(t *testing.T) {
			newHome(t)
			check := func(what, text string, want []string) {
				t.Helper()
				for _, line := range all {
					wanted := false
					for _, w := range want {
						wanted = wanted || w == line
					}
					if strings.Contains(text, line) != wanted {
						t.Errorf("%s has %q: %t\n%s", what, line, !wanted, text)
					}
				}
			}
			if text := succeed(t, logging(test.more), append([]string{"run"}, test.args...)...); strings.Contains(text, "trace=") {
				t.Errorf("there are stacks in the log:\n%s", text)
			}
			check("the run", succeed(t, logging(test.more), append([]string{"run"}, test.args...)...), test.shown)
			check("the history", succeed(t, logging(), "logs"), test.kept)
			check("the history at level debug", succeed(t, logging(), "logs", "-l", "debug"), test.kept)
			check("runs show -v", succeed(t, logging(), "runs", "show", "-v"), test.kept)
		})
	}
	t.Run("a level that does not exist is refused with all other flags", func(t *testing.T) {
		newHome(t)
		got := execute(t, logging(), "run", "--log-level", "dbug", "--tag", "x")
		if got.code != 64 || !strings.Contains(got.err, `--log-level: there is no level "dbug", did you mean "debug"?`) || !strings.Contains(got.err, "2 faults") {
			t.Errorf("exit code %d, %s", got.code, got.err)
		}
	})
}

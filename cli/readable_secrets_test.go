package cli_test

import (
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

func TestReadableSecretsAreWarnedOf(t *testing.T) {
	newHome(t)
	type client struct{}
	type clientConfig struct {
		Token string
		Key   string `secret:"false"`
	}
	type stepConfig struct{ Password string }
	definitions := []fx.Option{
		container.Provide("client", func(clientConfig) *client { return new(client) }, container.Config(clientConfig{Token: "x"})),
		assets.New("it", func(*client, stepConfig) int { return 1 }, assets.Config(stepConfig{})),
	}
	const why = `: it is named like a secret, but it is shown, and kept in the history: make it a container.Secret, or tag it secret:"false"` + "\n"
	const warning = "warning: resources.client.config.token" + why + "warning: steps.it.config.password" + why
	for name, test := range map[string]struct {
		args []string
		code int
	}{
		"by a run":                  {[]string{"run"}, 0},
		"by a run that writes JSON": {[]string{"run", "--json"}, 0},
		"by a run of wrong config":  {[]string{"run", "--set", "resources.client.config.tokn=x"}, 64},
		"by a dry run":              {[]string{"run", "--dry-run"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := execute(t, definitions, test.args...); got.code != test.code || !strings.HasPrefix(got.err, warning) || strings.Contains(got.out, why) {
				t.Errorf("exit code %d, standard error %q", got.code, got.err)
			}
		})
	}
	t.Run("by a check", func(t *testing.T) {
		if got := execute(t, definitions, "config", "check"); got.code != 0 || !strings.HasSuffix(got.out, warning) || got.err != "" {
			t.Errorf("exit code %d, %q, %q", got.code, got.out, got.err)
		}
	})
	t.Run("by a check that writes JSON", func(t *testing.T) {
		if got := execute(t, definitions, "config", "check", "--json"); got.code != 0 || strings.Count(got.out, `"warning": "it is named`) != 2 {
			t.Errorf("exit code %d, %q", got.code, got.out)
		}
	})
	t.Run("beside the field of a resource", func(t *testing.T) {
		if got := execute(t, definitions, "resource", "client"); got.code != 0 || strings.Count(got.out, "it is named like a secret") != 1 {
			t.Errorf("exit code %d, %q", got.code, got.out)
		}
	})
}

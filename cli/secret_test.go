package cli_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// echoDefinitions are a client whose server repeats what it was sent.
func echoDefinitions() []fx.Option {
	type client struct{ key string }
	type clientConfig struct {
		Key    container.Secret[string] `required:"true"`
		Bucket string                   `default:"s3://AKIA:hunter2-of-the-warehouse@lake?region=x"`
		Link   *url.URL
	}
	said := func(key string) string {
		return fmt.Sprintf("%s %q %s %s", key, key, url.QueryEscape(key), base64.StdEncoding.EncodeToString([]byte("me:"+key)))
	}
	return []fx.Option{
		container.Provide("client", func(c clientConfig) *client { return &client{c.Key.Reveal()} }, container.Config(clientConfig{})),
		assets.New("good", func(step *assets.Context, c *client) int {
			step.AddMetadata("answer", said(c.key))
			step.Logger().Info("the server says "+said(c.key), "answer", errors.New(said(c.key)))
			return 1
		}),
		assets.New("bad", func(c *client) (string, error) { return "", errors.New("no entry for " + said(c.key)) }),
	}
}

func TestAKeyThatAServerRepeatsIsShownByNoCommand(t *testing.T) {
	home := newHome(t)
	t.Setenv("ECHO_KEY", "#"+secret)
	given := []string{"--set", "resources.client.config.key={env: ECHO_KEY}", "--set", "resources.client.config.link=https://me:" + secret + "@host/"}
	encoded := base64.StdEncoding.EncodeToString([]byte("me:#" + secret))[8:16]
	masked := 0
	for _, command := range []string{
		"run GIVEN", "run --verbose GIVEN", "run --json GIVEN", "run --dry-run GIVEN", "run --dry-run --json GIVEN", "resource client GIVEN", "resource client --json GIVEN",
		"config check GIVEN", "config template GIVEN", "config schema", "resources", "resources --json", "runs", "runs --json", "asset good", "asset good --json", "assets --json",
	} {
		plain, needsConfig := strings.CutSuffix(command, " GIVEN")
		args := strings.Fields(plain)
		if needsConfig {
			args = append(args, given...)
		}
		got := execute(t, echoDefinitions(), args...)
		if text := got.out + got.err; strings.Contains(text, secret) || strings.Contains(text, encoded) || strings.Contains(text, "AKIA") {
			t.Errorf("the output of %q holds the secret:\n%s", args, text)
		} else {
			masked += strings.Count(text, container.Masked)
		}
	}
	if masked < 30 {
		t.Errorf("only %d texts are masked: the test looks at the wrong commands", masked)
	}
	lookForSecret(t, home)
}

func TestASetSecretIsWhatWasGiven(t *testing.T) {
	newHome(t)
	type client struct{}
	type clientConfig struct{ Key container.Secret[string] }
	for _, key := range []string{"#hunter2", "hunter2 # no comment", "!hunter2", "&hunter2", " hunter2", "a=b#c"} {
		var revealed string
		definitions := []fx.Option{
			container.Provide("client", func(c clientConfig) *client { revealed = c.Key.Reveal(); return &client{} }, container.Config(clientConfig{})),
			assets.New("it", func(*client) int { return 1 }),
		}
		if got := execute(t, definitions, "run", "--set", "resources.client.config.key="+key); got.code != 0 || revealed != key {
			t.Errorf("%q is %q: exit code %d, %s", key, revealed, got.code, got.err)
		}
	}
}

package cli_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"unicode"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// hostile has an escape sequence, a C1 control, and a control of direction.
const hostile = "a\x1b[31mb\u009b2Jc\u202ed\u2067e\u200ff\x07"

// unprintable returns what of a text a terminal would obey.
func unprintable(text string) (found []rune) {
	for _, r := range text {
		isDirection := r == '\u061c' || r == '\u200e' || r == '\u200f' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
		if unicode.IsControl(r) && r != '\n' || isDirection {
			found = append(found, r)
		}
	}
	return found
}

func TestNothingThatATerminalObeysIsPrinted(t *testing.T) {
	newHome(t)
	t.Setenv("HOSTILE_URL", hostile)
	type client struct{}
	type config struct {
		URL string `desc:"x"`
	}
	type value struct{ Text string }
	definitions := func() []fx.Option {
		return []fx.Option{
			container.Provide("client", func(config) *client { return &client{} }, container.Config(config{}, container.FromEnv("HOSTILE")), container.Describe(hostile)),
			assets.New("one", func(step *assets.Context, _ *client) (value, error) {
				step.AddMetadata("m"+hostile, hostile)
				step.AddMetadata("list", []any{hostile, map[string]any{hostile: hostile}})
				step.Logger().Info(hostile, hostile, hostile, "error", errors.New(hostile), slog.Group(hostile, slog.String(hostile, hostile))) //nolint:sloglint // foreign names
				return value{hostile}, nil
			}, assets.Describe(hostile), assets.Owners(hostile)),
			assets.New("text", func() string { return hostile }),
			assets.New("fails", func(value) (int, error) { return 0, errors.New(hostile) }),
			assets.NewJob("all", assets.Select("*"), assets.DescribeJob(hostile), assets.JobTag(hostile, hostile)),
		}
	}
	for _, args := range [][]string{
		{"run"},
		{"run", "--json"},
		{"run", "-v", "--tag", "x" + hostile + "=" + hostile},
		{"run", "--dry-run"},
		{"run", "--dry-run", "--json"},
		{"runs"},
		{"runs", "--json"},
		{"runs", "show"},
		{"runs", "show", "--json"},
		{"logs"},
		{"logs", "--json"},
		{"logs", "--events"},
		{"logs", "--events", "--json"},
		{"assets"},
		{"assets", "--json"},
		{"asset", "one"},
		{"asset", "one", "--json"},
		{"asset", "one", "--value"},
		{"asset", "text", "--value"},
		{"jobs"},
		{"jobs", "--json"},
		{"resources"},
		{"resources", "--json"},
		{"resource", "client"},
		{"resource", "client", "--json"},
		{"graph"},
		{"graph", "-f", "dot"},
		{"graph", "-f", "tree"},
		{"graph", "--json"},
		{"config", "check"},
		{"config", "check", "--json"},
		{"config", "template"},
		{"config", "schema"},
		{"run", "-s", hostile},
		{"run", "-s", hostile, "--json"},
		{"asset", hostile},
		{"asset", hostile, "--json"},
		{"resource", hostile},
		{"runs", "show", hostile},
		{"runs", "--job", hostile},
		{"logs", "-l", hostile},
		{"run", "--" + hostile},
		{hostile},
		{"run", "--set", "resources." + hostile + ".config.x=1"},
		{"run", "--config", hostile},
		{"run", "-p", hostile},
		{"run", "--tag", hostile},
		{"assets", "-s", "group:" + hostile},
		{"__complete", "asset", ""},
		{"__complete", "run", "-s", ""},
		{"__complete", "logs", ""},
		{"__complete", "run", "-j", ""},
	} {
		got := execute(t, definitions(), args...)
		if found := unprintable(strings.ReplaceAll(got.out, "\t", "")); len(found) > 0 {
			t.Errorf("%q: standard output has %q\n%q", args, found, got.out)
		}
		if found := unprintable(got.err); len(found) > 0 {
			t.Errorf("%q: standard error has %q\n%q", args, found, got.err)
		}
	}
	if got := succeed(t, definitions(), "asset", "text", "--raw"); got != hostile {
		t.Errorf("--raw writes %q", got)
	}
	var stored string
	if decode(t, succeed(t, definitions(), "asset", "text", "--value"), &stored); stored != hostile {
		t.Errorf("--value writes %q", stored)
	}
}

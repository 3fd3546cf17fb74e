package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// gates is a program whose config says which values are allowed.
func gates() []fx.Option {
	type gateConfig struct {
		Level string                   `enum:"debug,info,warn" default:"info" desc:"how much is told"`
		Port  int                      `min:"1" max:"65535"`
		Key   container.Secret[string] `pattern:"^key-"`
	}
	type gate struct{}
	return []fx.Option{container.Provide("gate", func(gateConfig) *gate { return &gate{} }, container.Config(gateConfig{Port: 80}, container.FromEnv("GATE")))}
}

func TestConfigCommands(t *testing.T) {
	home := newHome(t)
	t.Setenv("WAREHOUSE_PASSWORD", secret)
	t.Setenv("WAREHOUSE_PASWORD", secret)
	t.Setenv("SHOP_TIMEOUT", "7s")
	for name, args := range map[string][]string{
		"help-config":             {"config", "--help"},
		"help-config-check":       {"config", "check", "--help"},
		"config-schema":           {"config", "schema"},
		"config-schema-job":       {"config", "schema", "--job", "nightly"},
		"config-schema-select":    {"config", "schema", "--select", "raw/orders"},
		"config-template":         {"config", "template"},
		"config-template-job":     {"config", "template", "--job", "nightly", "--set", "resources.client.config.pages=[1]"},
		"config-template-select":  {"config", "template", "--select", "published"},
		"config-check":            {"config", "check", "--set", "resources.warehouse.config.table=t"},
		"config-check-job":        {"config", "check", "--job", "nightly"},
		"config-check-select":     {"config", "check", "--select", "raw/orders"},
		"config-check-json":       {"config", "check", "--job", "nightly", "--json"},
		"completion-config-check": {"__complete", "config", "check", "--job", ""},
	} {
		t.Run(name, func(t *testing.T) {
			program := new(shop)
			got := execute(t, program.definitions(), args...)
			if got.code != 0 || got.err != "" && args[0] != "__complete" {
				t.Errorf("exit code %d, standard error %q", got.code, got.err)
			}
			golden(t, name, got.out)
			if noted := program.noted(); len(noted) > 0 {
				t.Errorf("something was started: %q", noted)
			}
			if strings.Contains(got.out, secret) {
				t.Error("the output holds the secret")
			}
			if (strings.HasSuffix(name, "-json") || strings.HasPrefix(name, "config-schema")) && !json.Valid([]byte(got.out)) {
				t.Errorf("not JSON:\n%s", got.out)
			}
		})
	}
	if _, err := os.Stat(home); !os.IsNotExist(err) {
		t.Errorf("the home folder was made: %v", err)
	}
}

func TestABadRunConfig(t *testing.T) {
	newHome(t)
	t.Setenv("GATE_PORT", "0")
	t.Setenv("GATE_LEVLE", "debug")
	file := filepath.Join(t.TempDir(), "gate.yaml")
	text := "resources:\n  gate:\n    config:\n      level: inof\n      key: " + secret + "\n      quay: 1\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"config-check-faults":      {"config", "check", "--config", file},
		"config-check-faults-json": {"config", "check", "--config", file, "--json"},
		"config-template-faults":   {"config", "template", "--config", file},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, gates(), args...)
			if got.code != 64 {
				t.Errorf("exit code %d", got.code)
			}
			if strings.Contains(got.out+got.err, secret) {
				t.Error("the output holds the secret")
			}
			golden(t, name, got.out+got.err)
		})
	}
	for _, args := range [][]string{
		{"config", "chekc"},
		{"config", "check", "file.yaml"},
		{"config", "schema", "--config", file},
		{"config", "check", "--job", "nightly"},
		{"config", "check", "--job", "nightly", "--select", "x"},
		{"config", "template", "--select", "x"},
		{"config", "check", "--set", "x"},
		{"config", "check", "--config", "no-such-file"},
	} {
		t.Run(strings.Join(args[1:], " "), func(t *testing.T) {
			if got := execute(t, gates(), args...); got.code == 0 || got.out != "" || got.err == "" {
				t.Errorf("exit code %d, %q, %q", got.code, got.out, got.err)
			}
		})
	}
}

var settings = regexp.MustCompile(`(?m)^( *)#(\S)`)

func TestACompletedTemplateIsTaken(t *testing.T) {
	newHome(t)
	t.Setenv("WAREHOUSE_PASSWORD", secret)
	definitions := new(shop).definitions()
	template := succeed(t, definitions, "config", "template", "--job", "nightly")
	if got := executeWith(t, template, definitions, "config", "check", "--job", "nightly", "--config", "-"); got.code != 0 {
		t.Errorf("as it is: %s\n%s", got.err, template)
	}
	if got := executeWith(t, settings.ReplaceAllString(template, "$1$2"), definitions, "config", "check", "--job", "nightly", "--config", "-"); got.code != 0 {
		t.Errorf("with every setting taken in: %s\n%s", got.err, template)
	}
}

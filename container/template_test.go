package container_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
)

// settings are what a template has commented out.
var settings = regexp.MustCompile(`(?m)^( *)#(\S)`)

func uncommented(template string) string { return settings.ReplaceAllString(template, "$1$2") }

func TestATemplateTellsWhatALaunchMaySet(t *testing.T) {
	t.Setenv("ENV_TABLE", "from env")
	type config struct {
		shown
		Multi string `desc:"of two\nlines \x00"`
		Key   container.Secret[string]
	}
	c := newContainer(t,
		container.Provide("it", func(config) *resA { return nil }, container.Describe("shows everything"),
			container.Config(config{shown: shown{Port: 80}, Multi: "a\nb"}, container.AtLaunch("Table", "Auth.User"), container.Fixed("Fixed"))),
		container.Provide("user", func(*resA) *resB { return nil }),
		container.Provide("database", newDatabase, container.Config(databaseConfig{}, container.FromEnv("ENV"))),
	)
	whole, err := c.Template()
	if err != nil {
		t.Fatal(err)
	}
	given, err := c.Template(container.NeedsResources("user"),
		container.Launch(parse(t, "resources: {it: {config: {table: '007', name: {env: NAME}, password: hunter2, level: debug}}}")))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(whole+given, "hunter2") {
		t.Error("a secret is shown")
	}
	golden(t, "template", whole)
	golden(t, "template_given", given)
	if _, err := c.Template(container.NeedsResources("usr")); !errors.Is(err, container.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Template(container.Launch(parse(t, "resources: {it: {config: {levle: x}}}"))); !errors.Is(err, container.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestATemplateReadsBackAsItIs(t *testing.T) {
	for _, variable := range []string{"SECRET", "PASSWORD"} {
		t.Setenv(variable, "4")
	}
	code := kindsOf(2, "c", "https://code.example", day(1))
	code.List, code.Enum = []string{"a: b", "# c", "<d>", "é"}, "c"
	for name, config := range map[string]kinds{"defaults": {}, "code": code} {
		t.Run(name, func(t *testing.T) {
			option := container.Config(config)
			c := newContainer(t, container.Provide("it", func(kinds) *resA { return nil }, option))
			template, err := c.Template()
			if err != nil {
				t.Fatal(err)
			}
			want := mustConfig[kinds](t, option)
			if diff := cmp.Diff(want, mustConfig[kinds](t, option, container.Launch(parse(t, template))), revealed...); diff != "" {
				t.Errorf("as it is (-want +got)\n%s", diff)
			}
			want.Secret, want.Password = container.NewSecret("4"), container.NewSecret(4)
			if diff := cmp.Diff(want, mustConfig[kinds](t, container.Config(kinds{}), container.Launch(parse(t, uncommented(template)))), revealed...); diff != "" {
				t.Errorf("with everything taken in (-want +got)\n%s\n%s", diff, template)
			}
			again, err := c.Template(container.Launch(parse(t, uncommented(template))))
			if err != nil || settings.MatchString(again) {
				t.Errorf("what is given is commented out: %v\n%s", err, again)
			}
		})
	}
}

package container_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
)

type appConfig struct {
	Table    string
	BaseURL  string `split_words:"true"`
	Named    string `envconfig:"APP_OTHER_NAME"`
	Required string
	Auth     struct{ User, Password string }
	Windows  []window
	Skipped  string `ignored:"true"`
}

func TestVariablesThatNoFieldReads(t *testing.T) {
	t.Parallel()
	definitions := []container.Definition{
		container.Provide("app", func(appConfig) *resA { return nil }, container.Config(appConfig{}, container.FromEnv("app"), container.AtLaunch("Required"))),
		container.Provide("worker", func(databaseConfig) *resB { return nil }, container.Config(databaseConfig{}, container.FromEnv("APP_WORKER"))),
		container.Provide("bare", func(section) *database { return nil }, container.Config(section{}, container.FromEnv(""))),
		container.Provide("no_env", func(window) *cache { return nil }, container.Config(window{})),
	}
	c := newContainer(t, definitions...)
	for name, test := range map[string]struct {
		environ []string
		launch  string
		want    []container.UnknownVariable
	}{
		"what fields read is known": {
			environ: []string{"APP_TABLE=x", "APP_BASE_URL=x", "APP_APP_OTHER_NAME=x", "APP_AUTH_USER=x", "APP_WORKER_DSN=x", "APP_REQUIRED=x", "NAME=x", "COUNT=x"},
		},
		"what begins with no prefix is left alone": {
			environ: []string{"PATH=x", "APPLE_TABLE=x", "APP=x", "TABEL=x", "NAMES=x", "XAPP_TABLE=x", "=C:=x", "", "app_tabel=x"},
		},
		"a mistyped name": {
			environ: []string{"APP_TABEL=hunter2", "APP_AUTH_PASWORD=hunter2"},
			want:    []container.UnknownVariable{{Name: "APP_AUTH_PASWORD", Prefix: "APP", Nearest: "APP_AUTH_PASSWORD"}, {Name: "APP_TABEL", Prefix: "APP", Nearest: "APP_TABLE"}},
		},
		"the longest prefix wins": {
			environ: []string{"APP_WORKER_TABEL=x", "APP_WROKER_TABLE=x"},
			want:    []container.UnknownVariable{{Name: "APP_WORKER_TABEL", Prefix: "APP_WORKER", Nearest: "APP_WORKER_TABLE"}, {Name: "APP_WROKER_TABLE", Prefix: "APP", Nearest: "APP_WORKER_TABLE"}},
		},
		"a name without the prefix, though it begins with it": {
			environ: []string{"APP_OTHER_NAME=x"},
			want:    []container.UnknownVariable{{Name: "APP_OTHER_NAME", Prefix: "APP", Nearest: "APP_APP_OTHER_NAME"}},
		},
		"words that the field's name does not part": {
			environ: []string{"APP_BASEURL=x", "APP_AUTH_PASS_WORD=x"},
			want: []container.UnknownVariable{
				{Name: "APP_AUTH_PASS_WORD", Prefix: "APP", Nearest: "APP_AUTH_PASSWORD"}, {Name: "APP_BASEURL", Prefix: "APP", Nearest: "APP_BASE_URL"},
			},
		},
		"nothing like it": {
			environ: []string{"APP_SOMETHING_ELSE=x", "APP_WORKER_BASE_URL=x"},
			want:    []container.UnknownVariable{{Name: "APP_SOMETHING_ELSE", Prefix: "APP"}, {Name: "APP_WORKER_BASE_URL", Prefix: "APP_WORKER"}},
		},
		"fields that no variable can give": {
			environ: []string{"APP_WINDOWS=[]", "APP_SKIPPED=x"},
			want:    []container.UnknownVariable{{Name: "APP_SKIPPED", Prefix: "APP"}},
		},
		"each once": {
			environ: []string{"APP_TABEL=1", "APP_TABEL=2"},
			want:    []container.UnknownVariable{{Name: "APP_TABEL", Prefix: "APP", Nearest: "APP_TABLE"}},
		},
		"what a launch refers to": {
			environ: []string{"APP_PASSWORD_FILE=x"},
			launch:  "resources: {app: {config: {table: {env: APP_PASSWORD_FILE}}}}",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 { // in any order
				if diff := cmp.Diff(test.want, c.UnknownVariables(test.environ, container.Launch(parse(t, test.launch)))); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				slices.Reverse(test.environ)
			}
		})
	}
}

func FuzzUnknownVariables(f *testing.F) {
	c := newContainer(f, container.Provide("app", func(appConfig) *resA { return nil }, container.Config(appConfig{}, container.FromEnv("APP"))))
	f.Add("APP_TABEL=1\nAPP_=\n=\nAPP_TABLE")
	f.Fuzz(func(t *testing.T, text string) {
		for _, variable := range c.UnknownVariables(strings.Split(text, "\n")) {
			if !strings.HasPrefix(variable.Name, "APP_") || variable.Nearest == variable.Name || strings.Contains(variable.Name, "=") {
				t.Errorf("%+v", variable)
			}
		}
	})
}

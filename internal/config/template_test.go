package config_test

import (
	"strings"
	"testing"

	"github.com/fxrun/fxrun/internal/config"
)

func templateOf(d *config.Definition, given config.LaunchValues) string {
	template := config.NewTemplate(make(config.SecretVariables))
	template.Begin("resources")
	template.Add("it", "", d, given)
	return template.String()
}

func TestATemplateSaysWhatItemsMayBe(t *testing.T) {
	t.Setenv("MAIL_KEY", "key-hunter2")
	d := definition(t, mail{})
	text := "resources: {it: {config: {accounts: [{user: ada, password: {env: MAIL_KEY}, tags: [{env: MAIL_KEY}]}]}}}"
	_, given, faults := launched(t, d, read(t, text))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	template := templateOf(d, given)
	for _, want := range []string{
		"# each item has:\n", "# - user: string; required\n", `# - region: string; one of "eu", "us"; default eu` + "\n",
		"# - port: int; at least 1; at most 65535; default 443\n", "# - limit.rows: int; at least 1; default 100\n", "# - proxy.host: string; required\n",
		`      accounts: [{"password":{"env":"MAIL_KEY"},"tags":[{"env":"MAIL_KEY"}],"user":"ada"}]` + "\n",
	} {
		if !strings.Contains(template, want) {
			t.Errorf("%q is not in\n%s", want, template)
		}
	}
	if shows(template) {
		t.Errorf("a secret is shown in\n%s", template)
	}
	if _, _, faults := launched(t, d, read(t, template)); len(faults) > 0 {
		t.Errorf("it is not taken: %v\n%s", faults, template)
	}
}

func TestABlankOfATemplateIsNotGiven(t *testing.T) {
	t.Parallel()
	type needing struct {
		Table string `required:"true"`
		Count int    `required:"true"`
		Kept  string
	}
	d := definition(t, needing{}, config.AtLaunch("Count"))
	template := templateOf(d, nil)
	if !strings.Contains(template, "\n      table:\n") || !strings.Contains(template, "\n      count:\n") {
		t.Fatal(template)
	}
	given := make(config.LaunchValues)
	if faults := d.Read(given, "it", read(t, template)); len(faults) > 0 {
		t.Errorf("where it is not needed it is a fault: %v", faults)
	}
	if _, faults := d.Resolve("it", given); len(faults) != 2 || !strings.Contains(faults[0].Error(), "it.table: missing") {
		t.Errorf("where it is needed: %v", faults)
	}
	if faults := d.Read(given, "it", read(t, "resources: {it: {config: {kept: }}}")); len(faults) != 1 {
		t.Errorf("null for another field: %v", faults)
	}
}

package server_test

import (
	"html"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// read counts how often a config was read.
var read atomic.Int64

type (
	countedText   string
	countedConfig struct {
		Text countedText
		Size int `default:"3" min:"1" max:"9"`
		On   bool
		Mode string `enum:"append,replace" default:"append"`
	}
	counting struct{ config countedConfig }
)

func (c *countedText) UnmarshalText(text []byte) error {
	read.Add(1)
	*c = countedText(text)
	return nil
}

func countingDefinitions() fx.Option {
	return fx.Options(
		container.Provide("counting", func(config countedConfig) *counting { return &counting{config} }, container.Config(countedConfig{})),
		assets.New("texts", func(c *counting) (report, error) { return report(c.config.Mode) + " " + report(c.config.Text), nil }),
	)
}

// This test is not parallel: it counts what no other one may do.
func TestAChangeOnTheLaunchPagePreparesTheLaunchOnce(t *testing.T) {
	s := newSite(t, nil, countingDefinitions())
	const yaml = "resources: {counting: {config: {text: a}}}"
	config, err := container.ParseRunConfig([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	read.Store(0)
	if _, err := s.launcher.Prepare(runs.Request{Selection: "texts", Config: config}); err != nil {
		t.Fatal(err)
	}
	s.inspect.UnknownVariables(nil, config)
	once := read.Swap(0) // preparing a launch reads the config, and looking for unknown variables too
	const field = "resources.counting.config.text"
	s.post("/launch/check", "select", "texts", "yaml", yaml, "changed", field, "type", "string", field, "b")
	if got := read.Swap(0); got != once || once == 0 {
		t.Errorf("a change reads the config %d times, a launch %d times", got, once)
	}
	if got := s.post("/launch", "select", "texts", "yaml", yaml); got.status != http.StatusSeeOther {
		t.Fatalf("the launch is answered by %d", got.status)
	}
	if got := read.Load(); got != once {
		t.Errorf("a launch by the page reads the config %d times, a launch %d times", got, once)
	}
}

func TestTheFieldsOfAFormWithoutScriptsAreTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, countingDefinitions())
	const fields = "resources.counting.config."
	got := s.post("/launch", "select", "texts", "yaml", "", fields+"text", "from the form", fields+"mode", "replace", fields+"size", "", fields+"on", "")
	if got.status != http.StatusSeeOther {
		t.Fatalf("the launch is answered by %d: %s", got.status, textOf(got.body))
	}
	id := strings.TrimPrefix(got.header.Get("Location"), "/runs/")
	s.waitFor(id, history.StatusSucceeded)
	if got := textOf(s.get("/values/texts").body); !strings.Contains(got, "replace from the form") {
		t.Errorf("the value is\n%s", got)
	}
	t.Run("and a wrong one stays visible", func(t *testing.T) {
		t.Parallel()
		got := s.post("/launch", "select", "texts", "yaml", "", fields+"size", "12", fields+"mode", "other")
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `value="12"`) || !strings.Contains(got.body, "<option selected>other</option>") {
			t.Errorf("the page answers %d:\n%s", got.status, textOf(got.body))
		}
	})
}

func TestEveryFieldOffersTheEnvironment(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, countingDefinitions())
	page := html.UnescapeString(s.get("/launch?select=texts").body)
	for _, name := range []string{"TEXT", "SIZE", "ON", "MODE"} {
		if !strings.Contains(page, "{env: "+name+"}") && !strings.Contains(page, "_"+name+"}") {
			t.Errorf("the page offers no variable for %s", name)
		}
	}
	changed := s.post("/launch/check", "select", "texts", "yaml", "resources: {counting: {config: {on: {env: SERVERTEST_ON}}}}")
	if !strings.Contains(changed.body, `value="{env: SERVERTEST_ON}"`) {
		t.Errorf("a reference is not shown as what it is:\n%s", textOf(changed.body))
	}
}

func TestAnEarlierLaunchFillsThePage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, countingDefinitions())
	launched := s.post("/launch", "select", "texts", "tags", "by=me", "yaml", "resources: {counting: {config: {mode: replace}}}")
	id := strings.TrimPrefix(launched.header.Get("Location"), "/runs/")
	s.waitFor(id, history.StatusSucceeded)
	if page := textOf(strings.ReplaceAll(s.get("/launch?select=texts").body, "<wbr>", "")); !strings.Contains(page, "counting.mode=replace") || !strings.Contains(page, "by=me") {
		t.Errorf("the page offers no earlier launch:\n%s", page)
	}
	page := html.UnescapeString(s.get("/launch?from=" + id).body)
	for _, want := range []string{`value="by=me"`, "mode: replace", `value="texts"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page is not filled in with %s:\n%s", want, textOf(page))
		}
	}
}

func TestThePolicyAllowsTheStylesOfTheEditorAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	one, two := s.get("/launch").header.Get("Content-Security-Policy"), s.get("/launch").header.Get("Content-Security-Policy")
	if !strings.Contains(one, "style-src 'self' 'nonce-") || strings.Contains(one, "script-src 'self' 'nonce") || one == two {
		t.Errorf("the policies are\n%s\n%s", one, two)
	}
	if policy := s.get("/").header.Get("Content-Security-Policy"); strings.Contains(policy, "nonce") {
		t.Errorf("the policy of another page is %s", policy)
	}
}

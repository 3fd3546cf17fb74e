package browsertest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// markup would make an element, and run a script, where a page took a text for HTML.
const markup = `"'><img src=x onerror="window.taken=1"><script>window.taken=1</script><b hx-get="/taken" hx-trigger="load">`

type (
	markedConfig struct {
		Table string `desc:"<img src=x onerror=window.taken=1>" default:"<img src=x>"`
		Mode  string `desc:"how" enum:"<img src=x>,append" default:"append"`
	}
	marked       struct{}
	markedRow    struct{ Note string }
	markedReport string
)

func markedDefinitions() fx.Option {
	return fx.Options(
		container.Provide("store", func(markedConfig) *marked { return &marked{} }, container.Describe(markup), container.Config(markedConfig{})),
		assets.New("rows", func(c *assets.Context, logger *slog.Logger, _ *marked) ([]markedRow, error) {
			logger.Warn(markup, "attr", markup)
			c.AddMetadata("page", markup)
			return []markedRow{{markup}}, nil
		}, assets.Describe(markup), assets.Owners(markup)),
		assets.New("text", func() (markedReport, error) { return markup, nil }),
		assets.New("broken", func(context.Context) (markedReport, error) {
			return "", fmt.Errorf("reading %s: %w", markup, errors.New(markup))
		}),
		assets.NewJob("all", assets.Select("*"), assets.DescribeJob(markup)),
		automation.NewSensor("looks", func(tick *automation.Tick) []automation.RunRequest {
			tick.SetCursor(markup)
			return []automation.RunRequest{{Key: markup, Tags: map[string]string{"table": markup}}}
		}, automation.For("all"), automation.Describe(markup)),
	)
}

// TestNoTextOfAProgramIsMarkup puts markup into every text that a program gives.
func TestNoTextOfAProgramIsMarkup(t *testing.T) {
	address, launcher := serve(t, markedDefinitions())
	id := launch(t, launcher, runs.Request{Job: "all", Tags: map[string]string{"by": markup}, Config: container.RunConfig{Resources: map[string]any{
		"store": container.Fields{"table": markup},
	}}})
	b := open(t, address)
	isClean := `window.taken === undefined && !document.querySelector("img:not(.cm-widgetBuffer), b[hx-get]")`
	query := url.QueryEscape(markup)
	for _, path := range []string{
		"/", "/lineage?resources=yes", "/lineage?select=" + query, "/assets", "/assets?q=" + query, "/assets/rows", "/assets/text", "/assets/broken", "/values/rows", "/jobs", "/jobs/all",
		"/runs", "/runs?tag=by=" + query, "/runs/" + id, "/runs/" + id + "/log", "/runs/" + id + "/compare?with=" + id, "/launch?job=all", "/launch?from=" + id, "/launch?select=" + query, "/resources", "/resources/store",
		"/automation", "/automation/sensor/looks", "/instance", "/search?q=" + query, "/" + url.PathEscape(markup),
	} {
		b.show(path)
		b.wait(`document.readyState === "complete"`)
		if path == "/assets/rows" || path == "/assets/text" {
			b.see(".value", "onerror")
		}
		b.wait(isClean)
	}
	b.checkPolicy()

	b.show("/automation/sensor/looks")
	b.click(`form[hx-post] button`)
	b.see("#tick-preview", "onerror")
	b.wait(isClean)

	b.show("/launch?job=all")
	b.writeYAML("resources:\n  store:\n    config:\n      ta")
	b.see("#editor .cm-tooltip-autocomplete", "table")
	b.see("#editor .cm-completionInfo", "onerror")
	b.wait(isClean)
	b.click("#editor .cm-tooltip-autocomplete li[aria-selected]")
	b.see("#editor .cm-tooltip-autocomplete", "<img src=x>")
	b.wait(isClean)
	b.writeYAML("resources:\n  store:\n    config:\n      \"" + `<img src=x>` + "\": 1\n      mode: <img src=x onerror=window.taken=1>")
	b.see("#launch-faults", "must be one of")
	b.do(chromedp.Click("#launch-faults [data-line='5']"))
	b.hover("#editor .cm-line:nth-child(5) .tok-propertyName")
	b.see("#editor .cm-tooltip-hover", "one of")
	b.wait(isClean)
	b.checkPolicy()

	b.show("/jobs")
	b.press("/")
	b.do(chromedp.SendKeys("#palette input", "rows"))
	b.see("#palette .found", "onerror")
	b.wait(isClean)
}

// TestANameTurnsNoTextAfterIt gives a tag a character that turns the text after it from right
// to left.
func TestANameTurnsNoTextAfterIt(t *testing.T) {
	w := &world{opened: make(chan struct{})}
	close(w.opened)
	address, launcher := serve(t, w.definitions())
	launch(t, launcher, runs.Request{Job: "nightly", Tags: map[string]string{"a": "\u202etxt.exe", "b": "second"}})
	b := open(t, address)
	b.show("/runs")
	b.wait(`((links) => links[0].getBoundingClientRect().right <= links[1].getBoundingClientRect().left + 1)([...document.querySelectorAll('tbody a[href*="tag="]')])`)
}

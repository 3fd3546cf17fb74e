package server_test

import (
	"bufio"
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/goldentest"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
)

// allPages are the addresses of the pages that every program has.
var allPages = []string{"/", "/lineage", "/assets", "/jobs", "/runs", "/launch", "/resources", "/automation", "/instance", "/search?q=o", "/design"}

func TestEveryPageOfAnEmptyProgramSaysWhatToDo(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, fx.Options())
	for _, path := range allPages {
		if got := s.get(path); got.status != http.StatusOK || !strings.Contains(got.body, "<h1>") {
			t.Errorf("%s answers %d", path, got.status)
		}
	}
	for path, want := range map[string]string{
		"/": "assets.New</code> adds an asset", "/assets": "assets.New", "/jobs": "assets.NewJob", "/lineage": "No assets are defined", "/runs": "Launch a job", "/automation": "automation.NewSchedule", "/instance": "No run is queued",
	} {
		if got := s.get(path); !strings.Contains(got.body, want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
}

func TestThePagesSayWhatIsKnown(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	good, bad := s.run("revenue or raw/orders"), s.run("+broken")
	replaced := strings.NewReplacer(good, "GOOD", bad, "BAD", good[len(good)-8:], "GOOD", bad[len(bad)-8:], "BAD")
	for name, path := range map[string]string{
		"overview": "/", "lineage": "/lineage?resources=yes", "assets": "/assets", "asset": "/assets/raw/orders", "asset_broken": "/assets/broken",
		"value": "/values/raw/orders", "jobs": "/jobs", "job": "/jobs/nightly", "run": "/runs/" + good, "run_failed": "/runs/" + bad, "resources": "/resources",
		"resource": "/resources/warehouse", "launch": "/launch?job=nightly", "search": "/search?q=rev", "compare": "/runs/" + bad + "/compare?with=" + good,
		"log": "/runs/" + bad + "/log?level=error",
	} {
		t.Run("the text of "+name+" is as it was", func(t *testing.T) {
			t.Parallel()
			got := s.get(path)
			if got.status != http.StatusOK {
				t.Fatalf("%s answers %d: %s", path, got.status, got.body)
			}
			goldentest.File(t, name+".golden", replaced.Replace(textOf(got.body)))
		})
	}
}

var (
	hiddenParts = regexp.MustCompile(`(?s)<(script|style|head)\b.*?</(script|style|head)>`)
	tags        = regexp.MustCompile(`(?s)<[^>]*>`)
	spaces      = regexp.MustCompile(`[ \t]*\n\s*`)
	times       = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|\d\d:\d\d:\d\d\.\d{3}`)
	durations   = regexp.MustCompile(`[+−]?\b[\d.]+(e[+-]\d+)? (µs|ms|s)\b`)
	owners      = regexp.MustCompile(`\S+/\d+/\S+@\S+`)
	positions   = regexp.MustCompile(`\S*\.go:\d+`)
	ages        = regexp.MustCompile(`\d+ min old`)
)

// textOf returns the words of a page without what changes from run to run. It does not
// depend on elements and classes.
func textOf(page string) string {
	text := hiddenParts.ReplaceAllString(page, "")
	if from := strings.Index(text, `<main id="content">`); from >= 0 {
		text = text[from:]
	}
	text = html.UnescapeString(tags.ReplaceAllString(text, "\n"))
	for pattern, with := range map[*regexp.Regexp]string{times: "TIME", owners: "OWNER", positions: "FILE", ages: "new"} {
		text = pattern.ReplaceAllString(text, with)
	}
	text = durations.ReplaceAllString(text, "TOOK")
	text = strings.TrimSpace(spaces.ReplaceAllString(text, "\n")) + "\n"
	for strings.Contains(text, "TOOK\nTOOK\n") { // ticks of an axis, whose number changes
		text = strings.ReplaceAll(text, "TOOK\nTOOK\n", "TOOK\n")
	}
	return strings.ReplaceAll(text, "now\nTOOK\n", "now\n")
}

func TestNoTextOfTheProgramIsMarkup(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	id := s.run("+broken")
	pages := append([]string{
		"/assets/raw/orders", "/assets/broken", "/values/raw/orders", "/jobs/nightly", "/resources/warehouse", "/runs/" + id, "/runs/" + id + "/log",
		"/launch?job=nightly", "/launch?select=" + url.QueryEscape(markup), "/lineage?select=" + url.QueryEscape(markup), "/assets?q=" + url.QueryEscape(markup),
		"/search?q=" + url.QueryEscape(markup), "/runs?tag=" + url.QueryEscape(markup), "/" + url.PathEscape(markup), "/assets/" + url.PathEscape(markup),
		"/runs/" + url.PathEscape(markup), "/runs?sort=" + url.QueryEscape(markup),
	}, allPages...)
	for _, path := range pages {
		got := s.get(path)
		for _, element := range []string{"<script>alert", "<img"} {
			if strings.Contains(got.body, element) {
				t.Errorf("%s has the element %s of a text", path, element)
			}
		}
	}
}

func TestUnknownNamesLeadToTheNearest(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for path, want := range map[string]string{
		"/assets/raw/order": "raw/orders", "/resources/warehose": "warehouse", "/jobs/nightli": "nightly", "/nothing": "no page", "/resorces/warehouse": `<a href="/resources/warehouse">`, "/run": `<a href="/runs">/runs</a>`, "/asets/raw/oders": `<a href="/assets/raw/orders">`,
		"/rns/abc": `<a href="/runs/abc">`, "/jobz/zzz": `<a href="/jobs">/jobs</a>`, "/runs/zzz": "no run",
	} {
		got := s.get(path)
		if got.status != http.StatusNotFound || !strings.Contains(html.UnescapeString(got.body), want) {
			t.Errorf("%s answers %d without %q", path, got.status, want)
		}
	}
}

func TestTablesAreSortedByTheirAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	first := func(page string) string {
		_, rows, _ := strings.Cut(page, "<tbody>")
		return strings.Fields(textOf(rows))[0]
	}
	got := []string{first(s.get("/assets?sort=asset").body), first(s.get("/assets?sort=-asset").body)}
	if diff := cmp.Diff([]string{"broken", "slow"}, got); diff != "" {
		t.Errorf("the first rows differ (-want +got):\n%s", diff)
	}
}

// heads are the heads of tables without the one of check boxes, and plainHeads those that sort
// nothing.
var (
	heads      = regexp.MustCompile(`<th[ >]`)
	plainHeads = regexp.MustCompile(`<th( class="right")?>[^<]`)
)

func TestEveryTableCanBeSorted(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	id, bad := s.run("revenue or raw/orders"), s.run("+broken")
	for _, path := range append([]string{
		"/assets/raw/orders", "/runs/" + id, "/runs/" + bad + "/compare?with=" + id, "/resources/warehouse", "/jobs/nightly", "/launch?job=nightly", "/launch?from=" + id,
	}, allPages...) {
		page := s.get(path).body
		if heads.MatchString(page) && plainHeads.MatchString(page) {
			t.Errorf("%s has a table that cannot be sorted: %s", path, plainHeads.FindString(page))
		}
	}
	order := func(page, first, second string) string {
		_, rows, _ := strings.Cut(page, "<tbody>")
		if strings.Index(rows, first) < strings.Index(rows, second) {
			return first
		}
		return second
	}
	for path, want := range map[string]string{
		"/resources/warehouse?sort=field": "max_", "/resources/warehouse?sort=-field": "table", "/runs/" + id + "?sort=field": "max_", "/runs/" + id + "?sort=-field": "table",
	} {
		page := s.get(path).body
		_, config, _ := strings.Cut(page, "<h2>Config</h2>")
		if got := order(config, "max_", "table"); got != want {
			t.Errorf("%s begins with %s, want %s", path, got, want)
		}
	}
}

func TestALaunchIsRefusedAsByThePrepareOfTheLauncher(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for name, yaml := range map[string]string{
		"nothing given": "", "not YAML": "resources: [", "unknown resource": "resources: {warehose: {config: {table: a}}}",
		"unknown field": "resources: {warehouse: {config: {tabel: a}}}", "wrong type": "resources: {warehouse: {config: {table: a, max_conns: many}}}",
		"too large": "resources: {warehouse: {config: {table: a, max_conns: 11}}}", "not in the enum": "resources: {warehouse: {config: {table: a, mode: x}}}",
		"unknown variable": "resources: {warehouse: {config: {table: {env: SERVERTEST_NOT_SET}}}}", "unknown step": "steps: {x: {config: {a: 1}}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := faultsOf(t, s, yaml)
			for _, path := range []string{"/launch/check", "/launch"} {
				got := s.post(path, "job", "nightly", "yaml", yaml)
				text := html.UnescapeString(got.body)
				for _, fault := range want {
					if !strings.Contains(text, fault) {
						t.Errorf("%s does not say %q but\n%s", path, fault, textOf(got.body))
					}
				}
				if path == "/launch" && got.status != http.StatusUnprocessableEntity {
					t.Errorf("a wrong launch is answered by %d", got.status)
				}
			}
		})
	}
}

func TestTheFormAndTheTextStayInStep(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	const field = "resources.warehouse.config."
	for name, c := range map[string]struct{ yaml, changed, goType, typed, want string }{
		"the first field of an empty text": {"", "table", "string", "orders", "resources:\n  warehouse:\n    config:\n      table: orders\n"},
		"comments, quotes and empty lines stay": {
			"resources: # all\n\n  warehouse:\n    config:\n      mode: 'append'\n\n      table: a # the table\n", "table", "string", "b",
			"resources: # all\n\n  warehouse:\n    config:\n      mode: 'append'\n\n      table: b # the table\n",
		},
		"a text that looks like a number stays a text":   {"", "table", "string", "010", "resources:\n  warehouse:\n    config:\n      table: \"010\"\n"},
		"a number is a number":                           {"", "max_conns", "int", "7", "resources:\n  warehouse:\n    config:\n      max_conns: 7\n"},
		"a reference":                                    {"", "password", "container.Secret[string]", "{env: PW}", "resources:\n  warehouse:\n    config:\n      password: {env: PW}\n"},
		"a reference in place of a value":                {"resources:\n  warehouse:\n    config:\n      table: a # b\n", "table", "string", "{env: PW}", "resources:\n  warehouse:\n    config:\n      table: {env: PW} # b\n"},
		"an emptied field goes, with what is empty then": {"resources:\n  warehouse:\n    config:\n      table: a\n", "table", "string", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.post("/launch/check", "job", "nightly", "yaml", c.yaml, "changed", field+c.changed, "type", c.goType, field+c.changed, c.typed)
			_, rest, _ := strings.Cut(got.body, `<textarea id="written" hidden>`)
			written, _, _ := strings.Cut(rest, "</textarea>")
			if diff := cmp.Diff(c.want, html.UnescapeString(written)); diff != "" {
				t.Errorf("the text differs (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a text that is no YAML is not changed", func(t *testing.T) {
		t.Parallel()
		got := s.post("/launch/check", "job", "nightly", "yaml", "a: [", "changed", field+"table", field+"table", "b")
		if strings.Contains(got.body, `id="written"`) || !strings.Contains(got.body, "must be valid") {
			t.Errorf("the answer is\n%s", textOf(got.body))
		}
	})
}

func TestNoSecretReachesTheBrowser(t *testing.T) {
	t.Setenv("SERVERTEST_WAREHOUSE_PASSWORD", "swordfish-of-the-environment")
	s := newSite(t, nil)
	id := s.run("revenue or raw/orders")
	for _, path := range append([]string{"/launch?job=nightly", "/launch?from=" + id, "/runs/" + id, "/resources/warehouse", "/runs/" + id + "/log"}, allPages...) {
		for _, secret := range []string{"swordfish", "hunter2"} {
			if strings.Contains(s.get(path).body, secret) {
				t.Errorf("%s shows the secret %s", path, secret)
			}
		}
	}
}

func TestARunIsLaunchedWatchedAndRepeated(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	launched := s.post("/launch", "select", "slow", "tags", "by=test", "yaml", "")
	if launched.status != http.StatusSeeOther {
		t.Fatalf("the launch is answered by %d: %s", launched.status, textOf(launched.body))
	}
	id := strings.TrimPrefix(launched.header.Get("Location"), "/runs/")
	s.waitFor(id, history.StatusRunning)
	watched := make(chan string)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/runs/"+id+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := s.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Body.Close() }()
	go func() {
		defer close(watched)
		for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
			watched <- lines.Text()
		}
	}()
	var seen strings.Builder
	for line := range watched {
		if seen.Len() == 0 {
			close(s.opened)
		}
		seen.WriteString(line + "\n")
	}
	for _, want := range []string{`hx-target="#head"`, `hx-target="#timeline"`, "materialized slow", "run succeeded", "event: done"} {
		if !strings.Contains(seen.String(), want) {
			t.Errorf("the stream lacks %q:\n%s", want, seen.String())
		}
	}
	again := s.post("/runs/"+id+"/retry", "all", "yes")
	if again.status != http.StatusSeeOther {
		t.Fatalf("the repetition is answered by %d: %s", again.status, textOf(again.body))
	}
	repeated := strings.TrimPrefix(again.header.Get("Location"), "/runs/")
	s.waitFor(repeated, history.StatusSucceeded)
	if page := s.get("/runs/" + repeated); !strings.Contains(page.body, "Repeats") {
		t.Error("the page of the repetition does not link the first run")
	}
}

func TestARunIsCancelledFromThePages(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	run, err := s.launcher.Launch(t.Context(), runs.Request{Selection: "slow"})
	if err != nil {
		t.Fatal(err)
	}
	s.waitFor(run.ID(), history.StatusRunning)
	if got := s.post("/runs", "do", "cancel", "run", run.ID()); got.status != http.StatusSeeOther {
		t.Fatalf("the answer is %d: %s", got.status, textOf(got.body))
	}
	s.waitFor(run.ID(), history.StatusCancelled)
	if got := s.post("/runs/" + run.ID() + "/cancel"); got.status == http.StatusSeeOther {
		t.Error("a run that has ended can be cancelled")
	}
}

func TestAResourceIsChecked(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	if got := s.post("/resources/clock/check"); got.status != http.StatusOK || !strings.Contains(got.body, "started") {
		t.Errorf("the answer is %d: %s", got.status, textOf(got.body))
	}
}

func TestThePagesUnderAPrefixLinkOnlyBelowIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(config *server.Config) { config.Prefix = "/data/fxrun" })
	id := s.run("+broken")
	address := regexp.MustCompile(`(?:href|src|action|hx-get|hx-post|data-base|data-check)="(/[^"]*)"`)
	for _, path := range append([]string{"/runs/" + id, "/assets/raw/orders", "/resources/warehouse", "/jobs/nightly", "/nothing"}, allPages...) {
		got := s.get("/data/fxrun" + path)
		for _, match := range address.FindAllStringSubmatch(got.body, -1) {
			if !strings.HasPrefix(match[1], "/data/fxrun") {
				t.Errorf("%s links to %s", path, match[1])
			}
		}
	}
}

// faultsOf returns what the launcher says about a run config.
func faultsOf(t *testing.T, s *site, yaml string) []string {
	t.Helper()
	config, err := container.ParseRunConfig([]byte(yaml))
	if err == nil {
		_, err = s.launcher.Prepare(runs.Request{Job: "nightly", Config: config})
	}
	var texts []string
	for _, fault := range inspect.Faults(err) {
		texts = append(texts, fault.Message)
	}
	if len(texts) == 0 {
		t.Fatalf("the launcher takes %q", yaml)
	}
	return texts
}

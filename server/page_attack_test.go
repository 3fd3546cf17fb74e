package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
)

// aliases is YAML that has 8 to the power of 13 values if it is taken at its word.
func aliases() string {
	var text strings.Builder
	text.WriteString("a: &a [x,x,x,x,x,x,x,x]\n")
	for name := 'b'; name < 'n'; name++ {
		before := string(name - 1)
		fmt.Fprintf(&text, "%c: &%c [%s*%s]\n", name, name, strings.Repeat("*"+before+",", 7), before)
	}
	return text.String()
}

// TestFormsOfAttackersAreRefused sends what no form of a page sends.
func TestFormsOfAttackersAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	form := func(values ...string) string {
		made := make(url.Values)
		for i := 0; i < len(values); i += 2 {
			made.Set(values[i], values[i+1])
		}
		return made.Encode()
	}
	launch := func(yaml string) string { return form("job", "nightly", "yaml", yaml) }
	for name, c := range map[string]struct {
		body   string
		header []string
		status int
		want   string
	}{
		"YAML whose aliases grow without end":      {launch(aliases()), nil, 422, "aliases that grow without end"},
		"YAML with an alias in itself":             {launch("resources: &a\n  warehouse: *a\n"), nil, 422, "nested too deeply"},
		"YAML that is nested deeply":               {launch(strings.Repeat("[", 300_000)), nil, 422, "max depth"},
		"YAML with very many fields":               {launch("resources:\n  warehouse:\n    config:\n" + strings.Repeat("      a: 1\n", 50_000)), nil, 422, "fault"},
		"a selection of parentheses":               {form("select", strings.Repeat("(", 200_000), "yaml", ""), nil, 422, "nested too deeply"},
		"a selection of negations":                 {form("select", strings.Repeat("not ", 200_000)+"slow", "yaml", ""), nil, 422, "nested too deeply"},
		"a form that was compressed":               {gzipped(t, launch("")), []string{"Content-Encoding", "gzip"}, 415, "not compressed"},
		"a form with files":                        {"--x\r\nContent-Disposition: form-data; name=\"job\"\r\n\r\nnightly\r\n--x--\r\n", []string{"Content-Type", "multipart/form-data; boundary=x"}, 415, "application/x-www-form-urlencoded"},
		"a form as text, which needs no preflight": {launch(""), []string{"Content-Type", "text/plain"}, 415, "application/x-www-form-urlencoded"},
		"a form of very many fields":               {strings.Repeat("a&", 400_000) + "job=nightly", nil, 400, "could not be read"},
		"a form that is too large":                 {launch(strings.Repeat("a", 1<<20)), nil, 413, "more than"},
		"a field with a path of very many names":   {form("job", "nightly", "yaml", "", "changed", "resources."+strings.Repeat("a.", 100_000)+"b", "type", "string"), nil, 422, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/launch", "/launch/check"} {
				want := c.status
				if path == "/launch/check" && want == http.StatusUnprocessableEntity {
					want = http.StatusOK // which says what is wrong
				}
				began := time.Now()
				got := s.do(http.MethodPost, path, c.body, c.header...)
				if text := textOf(got.body); got.status != want || !strings.Contains(text, c.want) {
					t.Errorf("%s answers %d without %q: %.300s", path, got.status, c.want, text)
				}
				if took := time.Since(began); took > 5*time.Minute {
					t.Errorf("%s takes %v", path, took)
				}
			}
		})
	}
	t.Run("nothing of this has launched a run", func(t *testing.T) {
		if list, err := s.inspect.Runs(t.Context(), history.RunQuery{}); err != nil || len(list) > 0 {
			t.Errorf("there are %d runs, %v", len(list), err)
		}
	})
}

func TestAddressesOfAttackersAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(config *server.Config) { config.Prefix = "/data" })
	long := strings.Repeat("open=a&", 7_000)
	for name, c := range map[string]struct {
		method, path string
		header       []string
		want         int
	}{
		"a query that every link would repeat":         {"GET", "/data/?" + long, nil, http.StatusRequestURITooLong},
		"such a query for the runs":                    {"GET", "/data/runs?" + long, nil, http.StatusRequestURITooLong},
		"the prefix with an encoded slash":             {"GET", "/data%2fruns", nil, http.StatusNotFound},
		"a longer name that begins with the prefix":    {"GET", "/data2/runs", nil, http.StatusNotFound},
		"the prefix in other letters":                  {"GET", "/Data/runs", nil, http.StatusNotFound},
		"the prefix with a backslash":                  {"GET", "/data\\runs", nil, http.StatusNotFound},
		"a page without the prefix":                    {"GET", "/runs", nil, http.StatusNotFound},
		"the metrics without the prefix":               {"GET", "/metrics", nil, http.StatusNotFound},
		"a way out of the prefix":                      {"GET", "/data/%2e%2e/healthz", nil, http.StatusNotFound},
		"a way out of the prefix with encoded slashes": {"GET", "/data%2f..%2fruns", nil, http.StatusNotFound},
		"a name with line breaks":                      {"GET", "/data/assets/a%0d%0aSet-Cookie:%20x=y", nil, http.StatusNotFound},
		"an action with an encoded slash":              {"POST", "/data/runs/x%2fcancel", nil, http.StatusNotFound},
		"a method that tells what was sent":            {"TRACE", "/data/runs", nil, http.StatusMethodNotAllowed},
		"a preflight":                                  {"OPTIONS", "/data/launch", []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST"}, http.StatusMethodNotAllowed},
		"a method that nobody knows":                   {"FOO", "/data/launch", nil, http.StatusMethodNotAllowed},
		"a web socket":                                 {"GET", "/data/jobs", []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.do(c.method, c.path, "", c.header...)
			if got.status != c.want {
				t.Errorf("the answer is %d, want %d", got.status, c.want)
			}
			if got.header.Get("Set-Cookie") != "" || got.header.Get("Upgrade") != "" || got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("the answer has the header %v", got.header)
			}
			if c.want == http.StatusMethodNotAllowed && got.header.Get("Allow") == "" {
				t.Error("the answer does not say which methods there are")
			}
		})
	}
	t.Run("a launch may list many assets", func(t *testing.T) {
		t.Parallel()
		if got := s.get("/data/launch?" + strings.Repeat("asset=raw/orders&", 3_000)); got.status != http.StatusOK {
			t.Errorf("the answer is %d", got.status)
		}
	})
}

// TestOnlyGroupsThatExistAreRepeated asks for groups to be opened that there are not.
func TestOnlyGroupsThatExistAreRepeated(t *testing.T) {
	t.Parallel()
	var definitions []fx.Option
	for n := range 100 {
		definitions = append(definitions, assets.New(fmt.Sprintf("asset%03d", n), func() int { return n }, assets.InGroup(fmt.Sprint("group", n%50))))
	}
	s := newSite(t, nil, definitions...)
	small, large := s.get("/lineage?open=group1").body, s.get("/lineage?open=group1&"+strings.Repeat("open=a&", 1_000)).body
	if len(large) > len(small)+80_000 || strings.Contains(large, "open=a&amp;open=group2") { // only the heads of the table repeat them
		t.Errorf("the page has %d bytes, and %d with groups that there are not", len(small), len(large))
	}
}

// TestALongSelectionIsCut launches a run whose selection is longer than a page.
func TestALongSelectionIsCut(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	selection := strings.Repeat("raw/orders or ", 20_000) + "raw/orders"
	id := s.make(selection)
	for _, path := range []string{"/", "/runs", "/runs/" + id, "/runs/" + id + "/compare?with=" + id, "/launch?job=nightly", "/search?q=" + id} {
		if got := s.get(path); got.status != http.StatusOK || len(got.body) > 40_000 {
			t.Errorf("%s answers %d with %d bytes", path, got.status, len(got.body))
		}
	}
	if got := s.get("/launch?from=" + id); !strings.Contains(got.body, selection) {
		t.Error("a launch like it has another selection")
	}
}

func TestStreamsEndForThoseWhoDoNotReadThem(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	run, err := s.launcher.Launch(t.Context(), runs.Request{Selection: "slow"})
	if err != nil {
		t.Fatal(err)
	}
	s.waitFor(run.ID(), history.StatusRunning)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	ask := func(ctx context.Context, method, path string) *http.Response {
		request, err := http.NewRequestWithContext(ctx, method, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		return answer
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, path := range []string{"/runs/" + run.ID() + "/live", "/api/v1/runs/" + run.ID() + "/follow"} {
		head := ask(ctx, http.MethodHead, path)
		_ = head.Body.Close()
		if head.StatusCode != http.StatusOK {
			t.Errorf("HEAD %s is answered by %d", path, head.StatusCode)
		}
		next := ask(ctx, http.MethodGet, "/healthz") // by the same connection
		_ = next.Body.Close()
	}
	close(s.opened)
	if err := run.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

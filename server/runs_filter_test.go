package server_test

import (
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/server/api"
)

// withRuns is a program whose history has the runs a, b and c, each a day after the one
// before. The clock of the process that has queued b shows the first moment of 2026-01-02.
func withRuns(t *testing.T) *site {
	t.Helper()
	store := history.NewMemoryStore()
	for i, id := range []string{"run-a", "run-b", "run-c"} {
		tags := map[string]string{"team": "data", "day": id}
		if _, err := store.Append(t.Context(), history.Event{
			RunID: id, Time: time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC), Data: history.RunQueued{Job: "nightly", Tags: tags},
		}, history.Event{
			RunID: id, Time: time.Date(2026, 1, 1+i, 0, 0, 1, 0, time.UTC), Data: history.RunFinished{Status: history.StatusCancelled},
		}); err != nil {
			t.Fatal(err)
		}
	}
	return newSite(t, nil, fx.Supply(fx.Annotate(store, fx.As(new(history.Store)))))
}

func TestRunsAreFilteredByTime(t *testing.T) {
	t.Parallel()
	s := withRuns(t)
	for name, c := range map[string]struct{ query, want string }{
		"from a time on":             {"from=2026-01-02T00:00", "b c"},
		"before a time":              {"to=2026-01-02T00:00", "a"},
		"a day":                      {"from=2026-01-02&to=2026-01-02", "b"},
		"a day of another zone":      {"from=2026-01-01&to=2026-01-01&zone=America/New_York", "b"},
		"a time with its own offset": {"from=2026-01-02T01:00:00%2B01:00&zone=America/New_York", "b c"},
		"together with a tag":        {"from=2026-01-02&tag=day%3Drun-c", "c"},
		"by two tags":                {"tag=team%3Ddata+day%3Drun-a", "a"},
		"the last hours, in which there was none": {"last=24+h", ""},
		"a range without any run":                 {"from=2027-01-01", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := s.get("/runs?" + c.query)
			if got := shownRuns(page.body); page.status != http.StatusOK || got != c.want {
				t.Errorf("the page shows %q with %d, want %q", got, page.status, c.want)
			}
		})
	}
	t.Run("and the form keeps what was asked for", func(t *testing.T) {
		t.Parallel()
		page := s.get("/runs?from=2026-01-02T01:00:00%2B01:00&to=2026-01-03&zone=America/New_York&sort=run").body
		for _, want := range []string{`name="from" value="2026-01-01T19:00:00"`, `name="to" value="2026-01-04T00:00:00"`, `name="zone" value="America/New_York"`, "zone=America%2FNew_York"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %s", want)
			}
		}
	})
	t.Run("and the page of older runs is filtered too", func(t *testing.T) {
		t.Parallel()
		if got := shownRuns(s.get("/runs?from=2026-01-01&to=2026-01-02&before=run-b").body); got != "a" {
			t.Errorf("the page shows %q", got)
		}
	})
	t.Run("and a tag in the list leads to the runs that have it", func(t *testing.T) {
		t.Parallel()
		if !strings.Contains(s.get("/runs").body, `href="/runs?tag=day%3Drun-c"`) {
			t.Error("the tag has no link")
		}
	})
}

// shownRuns returns the last letters of the IDs of the runs that a page lists, sorted.
func shownRuns(page string) string {
	var found []string
	for _, id := range []string{"run-a", "run-b", "run-c"} {
		if strings.Contains(page, `href="/runs/`+id+`"`) {
			found = append(found, id[4:])
		}
	}
	return strings.Join(found, " ")
}

func TestAWrongFilterOfRunsIsTold(t *testing.T) {
	t.Parallel()
	s := withRuns(t)
	for query, want := range map[string]string{
		"from=yesterday":                `from: "yesterday" must be a time as`,
		"from=2026-01-02&to=2026-01-01": "must be before to",
		"from=2026-01-01&zone=Mars":     `there is no zone "Mars"`,
		"zone=Local":                    `there is no zone "Local"`,
		"tag=team":                      `the tag "team" must have the form name=value`,
		"status=lost":                   `there is no state "lost"`,
		"last=1+year":                   `there is no range "1 year"`,
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			page := s.get("/runs?" + query)
			if page.status != http.StatusUnprocessableEntity || !strings.Contains(html.UnescapeString(page.body), want) || shownRuns(page.body) != "" {
				t.Errorf("the page answers %d and shows %q:\n%s", page.status, shownRuns(page.body), textOf(page.body))
			}
		})
	}
}

func TestTheAPIFiltersRunsByTime(t *testing.T) {
	t.Parallel()
	s := withRuns(t)
	for query, want := range map[string]string{
		"from=2026-01-02T00:00:00Z": "b c",
		"to=2026-01-02":             "a b",
		"from=" + url.QueryEscape("2026-01-02T01:00:00+01:00") + "&to=2026-01-02T00:00:00.5Z": "b",
	} {
		got := s.get("/api/v1/runs?" + query)
		var found []string
		for _, run := range decoded[api.RunPage](t, got.body).Runs {
			found = append(found, run.ID[4:])
		}
		slices.Sort(found)
		if diff := cmp.Diff(want, strings.Join(found, " ")); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", query, diff)
		}
	}
	if got := s.get("/api/v1/runs?from=x&to=y"); got.status != http.StatusBadRequest || !strings.Contains(got.body, `from: \"x\"`) || !strings.Contains(got.body, `to: \"y\"`) {
		t.Errorf("the answer is %d %s", got.status, got.body)
	}
}

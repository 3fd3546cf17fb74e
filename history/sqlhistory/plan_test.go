package sqlhistory_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
)

// How SQLite finds what a query asks for: a search goes to the place, a scan
// goes over the table from its newest row on, until the limit is reached.
func TestQueryPlans(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir())
	if _, err := store.Append(t.Context(), queued("r1")); err != nil {
		t.Fatal(err)
	}
	before := history.Place{RunID: "r1", Seq: 1}
	logs := []history.EventType{history.TypeLogWritten}
	made := []history.EventType{history.TypeAssetMaterialized}
	future := time.Now().Add(time.Hour)

	for _, c := range []struct {
		query history.RunQuery
		want  string
	}{
		{history.RunQuery{Limit: 50}, "SCAN runs"},
		{history.RunQuery{Limit: 50, Before: "r1"}, "SEARCH runs USING INTEGER PRIMARY KEY (rowid<?)"},
		{history.RunQuery{Limit: 50, QueuedFrom: time.Unix(1, 0), QueuedBefore: future}, "SEARCH runs USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
		{history.RunQuery{Job: "nightly", Limit: 50, QueuedFrom: time.Unix(1, 0)}, "SEARCH runs USING INDEX runs_by_job (job=? AND number>? AND number<?)"},
		{history.RunQuery{Tags: map[string]string{"team": "data"}, QueuedBefore: future}, "SEARCH tag USING PRIMARY KEY (key=? AND value=? AND run>? AND run<?)"},
		{history.RunQuery{ID: "r1"}, "SEARCH runs USING INDEX sqlite_autoindex_runs_1 (id=?)"},
		{history.RunQuery{IDPrefix: "r1", Limit: 6}, "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)"},
		{history.RunQuery{Job: "nightly", Limit: 50}, "SEARCH runs USING INDEX runs_by_job (job=?)"},
		{history.RunQuery{Statuses: []history.Status{history.StatusFailed}}, "SEARCH runs USING INDEX runs_by_status (status=?)"},
		{history.RunQuery{Tags: map[string]string{"team": "data"}}, "SEARCH tag USING PRIMARY KEY (key=? AND value=?)"},
		{history.RunQuery{Tags: map[string]string{"team": "data"}, Before: "r1", Limit: 50}, "SEARCH tag USING PRIMARY KEY (key=? AND value=? AND run<?)"},
	} {
		plan, err := store.ExplainRuns(t.Context(), c.query)
		checkPlan(t, c.query, plan, err, c.want)
		for _, part := range []string{
			"SEARCH events USING COVERING INDEX sqlite_autoindex_events_1 (run=?)", // the length of the log
			"SEARCH events USING INDEX sqlite_autoindex_events_1 (run=? AND seq=?)",
			"SEARCH events USING INDEX sqlite_autoindex_events_1 (run=?)", // from the end
		} {
			if !slices.Contains(plan, part) {
				t.Errorf("%+v is answered by\n%s, want\n%s", c.query, strings.Join(plan, "\n"), part)
			}
		}
	}

	plan, err := store.ExplainRuns(t.Context(), history.RunQuery{IDPrefix: "r", Limit: 6})
	if want := "SEARCH runs USING COVERING INDEX sqlite_autoindex_runs_1 (id>? AND id<?)"; err != nil || !slices.Contains(plan, want) {
		t.Errorf("the beginning of an ID is looked for by\n%s\n%v, want\n%s", strings.Join(plan, "\n"), err, want)
	}

	for _, c := range []struct {
		query history.EventQuery
		want  string
	}{
		{history.EventQuery{RunID: "r1", AfterSeq: 7, Limit: 50}, "SEARCH events USING INDEX sqlite_autoindex_events_1 (run=? AND seq>?)"},
		{history.EventQuery{RunID: "r1", Types: made}, "SEARCH events USING INDEX events_of_run_assets (run=? AND seq>?)"},
		{history.EventQuery{RunID: "r1", Types: logs}, "SEARCH events USING INDEX sqlite_autoindex_events_1 (run=? AND seq>?)"},
		{history.EventQuery{Limit: 50}, "SCAN events"},
		{history.EventQuery{Limit: 50, Before: before}, "SEARCH events USING INTEGER PRIMARY KEY (rowid<?)"},
		{history.EventQuery{Asset: "a", Types: made, Limit: 1}, "SEARCH events USING INDEX events_by_asset (asset=?)"},
		{history.EventQuery{Asset: "a", Before: before, Limit: 9}, "SEARCH events USING INDEX events_by_asset (asset=? AND rowid<?)"},
		{history.EventQuery{Asset: "a", Partition: "p", Limit: 1}, "SEARCH events USING INDEX events_by_partition (asset=? AND partition=?)"},
	} {
		plan, err := store.ExplainEvents(t.Context(), c.query)
		checkPlan(t, c.query, plan, err, c.want)
	}

	plan, err = store.ExplainLatest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"SEARCH made USING PRIMARY KEY (asset=?)",
	} {
		if !slices.Contains(plan, part) {
			t.Errorf("the last materializations of many assets are found by\n%s, want\n%s", strings.Join(plan, "\n"), part)
		}
	}

	plan, err = store.ExplainThrough(t.Context())
	checkPlan(t, "the last materializations from an asset to another one", plan, err, "SEARCH made USING PRIMARY KEY (asset>? AND asset<?)")

	plan, err = store.ExplainTimes(t.Context(), history.RunQuery{QueuedFrom: time.Unix(1, 0), QueuedBefore: future})
	if want := "SEARCH runs USING COVERING INDEX runs_by_queued (queued>? AND queued<?)"; err != nil || plan[0] != want {
		t.Errorf("the runs of a time are found by\n%s\n%v, want\n%s", strings.Join(plan, "\n"), err, want)
	}

	plan, err = store.ExplainSteps(t.Context())
	if err != nil || plan[0] != "SEARCH steps USING PRIMARY KEY (run=?)" {
		t.Errorf("steps are found by\n%s\n%v", strings.Join(plan, "\n"), err)
	}
}

// checkPlan checks how the rows are found, and that they come in order.
func checkPlan(t *testing.T, query any, plan []string, err error, want string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%+v: %v", query, err)
	}
	if plan[0] != want {
		t.Errorf("%+v is answered by\n%s, want\n%s", query, plan[0], want)
	}
	for _, part := range plan {
		if strings.Contains(part, "TEMP B-TREE") {
			t.Errorf("%+v is sorted: %s", query, part)
		}
	}
}

// What pruning asks never goes over all events, nor over all runs.
func TestQueryPlansOfPruning(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir())
	if _, err := store.Append(t.Context(), queued("r1")); err != nil {
		t.Fatal(err)
	}
	plans, err := store.ExplainPrunable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"by age":            "SEARCH runs USING INDEX runs_whole (job=? AND finished>? AND finished<?)",
		"by number":         "SEARCH newest USING COVERING INDEX runs_by_job (job=?)",
		"reduced":           "SCAN runs USING INDEX runs_pruned",
		"retries":           "SEARCH tag USING PRIMARY KEY (key=? AND value=?)",
		"materializations":  "SEARCH events USING INDEX events_of_run_assets (run=?)",
		"a later one":       "SEARCH events USING INDEX events_by_asset (asset=? AND rowid>?)",
		"a later partition": "SEARCH events USING INDEX events_by_partition (asset=? AND partition=? AND rowid>?)",
	} {
		if !slices.Contains(plans[name], want) {
			t.Errorf("%s is answered by\n%s, want\n%s", name, strings.Join(plans[name], "\n"), want)
		}
		for _, part := range plans[name] {
			if part == "SCAN events" || part == "SCAN runs" {
				t.Errorf("%s goes over a whole table: %s", name, strings.Join(plans[name], "\n"))
			}
		}
	}
}

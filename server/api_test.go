package server_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/server"
	"github.com/fxrun/fxrun/server/api"
)

// send posts JSON to the API.
func (s *site) send(path, body string, header ...string) response {
	s.t.Helper()
	return s.do(http.MethodPost, "/api/v1"+path, body, append([]string{"Content-Type", "application/json"}, header...)...)
}

// problem returns the problem by which a request is answered.
func problem(t *testing.T, got response) api.Problem {
	t.Helper()
	if kind := got.header.Get("Content-Type"); kind != api.ProblemType {
		t.Fatalf("the answer %d is %s: %s", got.status, kind, got.body)
	}
	told := decoded[api.Problem](t, got.body)
	if told.Status != got.status || told.Title != http.StatusText(got.status) || told.Detail == "" || told.Faults == nil {
		t.Errorf("the answer %d has the problem %+v", got.status, told)
	}
	return told
}

const nightly = `{"job": "nightly", "config": {"resources": {"warehouse": {"config": {"table": "a", "password": "hunter2hunter2"}}}}}`

func TestARunByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	got := s.send("/runs", nightly)
	if got.status != http.StatusCreated || strings.Contains(got.body, "hunter2") {
		t.Fatalf("the launch is answered by %d: %s", got.status, got.body)
	}
	launched := decoded[api.Launched](t, got.body)
	id := launched.Run.ID
	if len(launched.Launch.Steps) != 2 || launched.Run.Job != "nightly" {
		t.Errorf("the answer is %s", got.body)
	}
	s.waitFor(id, history.StatusSucceeded)
	for _, name := range []string{id, id[:len(id)-2]} {
		run := decoded[inspect.RunDetail](t, s.get("/api/v1/runs/"+name).body)
		if run.ID != id || run.Status != history.StatusSucceeded || len(run.Steps) != 2 {
			t.Errorf("the run %s is %+v", name, run)
		}
	}
	t.Run("is the same as with its record in the store", func(t *testing.T) {
		t.Parallel()
		record, err := history.Find(t.Context(), s.launcher.Store(), id)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(inspect.RunDetail{Record: record})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(decoded[any](t, string(want)), decoded[any](t, s.get("/api/v1/runs/"+id).body)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("has its events in pages", func(t *testing.T) {
		t.Parallel()
		var all []history.Event
		for page := (api.EventPage{More: true}); page.More; all = append(all, page.Events...) {
			page = decoded[api.EventPage](t, s.get("/api/v1/runs/"+id+"/events?limit=3&after="+number(page.Next)).body)
		}
		for i, event := range all {
			if event.Seq != int64(i+1) {
				t.Fatalf("event %d has the number %d", i, event.Seq)
			}
		}
		if last := all[len(all)-1]; last.Type() != history.TypeRunFinished {
			t.Errorf("the last event is %s", last.Type())
		}
		made := decoded[api.EventPage](t, s.get("/api/v1/runs/"+id+"/events?type=asset_materialized").body)
		if len(made.Events) != 2 {
			t.Errorf("%d assets were materialized", len(made.Events))
		}
	})
	t.Run("has its log by level", func(t *testing.T) {
		t.Parallel()
		page := decoded[inspect.LogPage](t, s.get("/api/v1/runs/"+id+"/log?level=warn&step=raw/orders").body)
		if len(page.Events) != 1 || page.Events[0].Type() != history.TypeLogWritten {
			t.Errorf("the log is %+v", page)
		}
	})
	t.Run("is repeated", func(t *testing.T) {
		t.Parallel()
		if told := problem(t, s.send("/runs/"+id+"/retry", "{}")); told.Status != http.StatusUnprocessableEntity {
			t.Errorf("a run that has succeeded is repeated: %+v", told)
		}
		if told := problem(t, s.send("/runs/"+id+"/retry", `{"all": true}`)); len(told.Faults) != 1 || !strings.Contains(told.Detail, "password") {
			t.Errorf("the secret is not asked for: %+v", told)
		}
		got := s.send("/runs/"+id+"/retry", `{"all": true, "set": [{"path": "resources.warehouse.config.password", "text": "hunter2hunter2"}]}`)
		if got.status != http.StatusCreated {
			t.Fatalf("the answer is %d: %s", got.status, got.body)
		}
		again := decoded[api.Launched](t, got.body).Run
		s.waitFor(again.ID, history.StatusSucceeded)
		if again.Tags[history.TagRetryOf] != id {
			t.Errorf("the run has the tags %v", again.Tags)
		}
	})
}

func TestALaunchWithAnIDMakesOneRun(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	const launch = `{"select": "raw/orders", "id": "order-17"}`
	if got := s.send("/runs", launch); got.status != http.StatusCreated {
		t.Fatalf("the answer is %d: %s", got.status, got.body)
	}
	if told := problem(t, s.send("/runs", launch)); told.Status != http.StatusConflict {
		t.Errorf("the second launch is answered by %+v", told)
	}
	s.waitFor("order-17", history.StatusSucceeded)
}

func TestACancellationByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	id := decoded[api.Launched](t, s.send("/runs", `{"select": "slow"}`).body).Run.ID
	s.waitFor(id, history.StatusRunning)
	if told := problem(t, s.send("/runs/"+id[:len(id)-1]+"/cancel", "")); told.Status != http.StatusNotFound || !strings.Contains(told.Detail, id) {
		t.Errorf("a part of the ID is answered by %+v", told)
	}
	if told := problem(t, s.send("/runs/"+id+"/cancel", `{"drain": "soon"}`)); told.Status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong duration is answered by %+v", told)
	}
	if got := s.send("/runs/"+id+"/cancel", `{"reason": "wrong table", "by": "ann@build7"}`); got.status != http.StatusAccepted {
		t.Fatalf("the answer is %d: %s", got.status, got.body)
	}
	s.waitFor(id, history.StatusCancelled)
	if told := problem(t, s.send("/runs/"+id+"/cancel", "")); told.Status != http.StatusUnprocessableEntity || !strings.Contains(told.Detail, "already ended") {
		t.Errorf("the end is answered by %+v", told)
	}
	asked := decoded[api.EventPage](t, s.get("/api/v1/runs/"+id+"/events?type=run_cancel_requested").body).Events
	if want := (history.RunCancelRequested{Reason: "wrong table", By: "ann@build7"}); len(asked) != 1 || asked[0].Data != want {
		t.Errorf("the request is %+v", asked)
	}
}

func TestTheListOfRunsInPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	var want []string
	for range 5 {
		want = append(want, s.run("raw/orders"))
	}
	slices.Reverse(want)
	var got []string
	for page, path := (api.RunPage{Next: "x"}), "/api/v1/runs?limit=2&status=succeeded&status=failed"; page.Next != ""; {
		page = decoded[api.RunPage](t, s.get(path).body)
		for _, run := range page.Runs {
			got = append(got, run.ID)
		}
		path = "/api/v1/runs?limit=2&before=" + page.Next
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the runs differ (-want +got):\n%s", diff)
	}
	for query, empty := range map[string]bool{"status=failed": true, "tag=a=b": true, "job=nightly": true, "id=" + want[0]: false} {
		if page := decoded[api.RunPage](t, s.get("/api/v1/runs?"+query).body); (len(page.Runs) == 0) != empty || page.Runs == nil {
			t.Errorf("%s gives %+v", query, page)
		}
	}
}

// TestTheAPIRefusesALaunchAsTheLauncherDoes launches and checks wrong configs.
func TestTheAPIRefusesALaunchAsTheLauncherDoes(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for name, yaml := range map[string]string{
		"nothing given": "{}", "not YAML": "resources: [", "unknown resource": "resources: {warehose: {config: {table: a}}}",
		"unknown field": "resources: {warehouse: {config: {tabel: a}}}", "wrong type": "resources: {warehouse: {config: {table: a, max_conns: many}}}",
		"too large": "resources:\n  warehouse:\n    config:\n      table: a\n      max_conns: 11\n", "not in the enum": "resources: {warehouse: {config: {table: a, mode: x}}}",
		"unknown variable": "resources: {warehouse: {config: {table: {env: SERVERTEST_NOT_SET}}}}", "unknown step": "steps: {x: {config: {a: 1}}}",
		"two faults": "resources: {warehouse: {config: {mode: x, max_conns: 0}}}", "a secret in the wrong place": "resources: {warehouse: {config: {password: hunter2hunter2, mode: hunter2hunter2}}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(map[string]any{"job": "nightly", "config_yaml": []string{yaml}})
			if err != nil {
				t.Fatal(err)
			}
			want := faultsOf(t, s, yaml)
			refused := s.send("/runs", string(body))
			told := problem(t, refused)
			if told.Status != http.StatusUnprocessableEntity || strings.Contains(refused.body, "hunter2") {
				t.Errorf("the answer is %s", refused.body)
			}
			checked := s.send("/launch-checks", string(body))
			faults := told.Faults
			if checked.status == http.StatusOK {
				faults = decoded[inspect.Launch](t, checked.body).Faults
			} else if second := problem(t, checked); second.Detail != told.Detail {
				t.Errorf("the check says %q, the launch %q", second.Detail, told.Detail)
			}
			if diff := cmp.Diff(told.Faults, faults); diff != "" {
				t.Errorf("the check differs from the launch:\n%s", diff)
			}
			var got []string
			for _, fault := range told.Faults {
				got = append(got, fault.Message)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the faults differ from those of the launcher (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a fault in JSON has the line and the column of the body", func(t *testing.T) {
		t.Parallel()
		told := problem(t, s.send("/runs", "{\n\t\"job\": \"nightly\",\n\t\"config\": {\n\t\t\"resources\": {\"warehouse\": {\"config\": {\"table\": \"a\", \"max_conns\": 11}}}}\n}"))
		if len(told.Faults) != 1 || told.Faults[0].Line != 4 || told.Faults[0].Column != 69 || told.Faults[0].Path != "resources.warehouse.config.max_conns" || told.Faults[0].Value != "11" {
			t.Errorf("the faults are %+v", told.Faults)
		}
	})
}

func TestEachChangeByTheAPIIsAudited(t *testing.T) {
	t.Parallel()
	var log lines
	s := newSite(t, func(config *server.Config) {
		config.Token = token
		config.Logger = slog.New(slog.NewJSONHandler(&log, nil))
	}, automated())
	bearer := []string{"Authorization", "Bearer " + token}
	id := decoded[api.Launched](t, s.send("/runs", `{"job": "nightly"}`, bearer...).body).Run.ID
	s.waitFor(id, history.StatusSucceeded)
	s.send("/runs/"+id+"/retry", `{"all": true}`, bearer...)
	s.send("/schedules/every%2Fnight/switch", `{"on": true}`, bearer...)
	s.send("/runs", `{"job": "none"}`, bearer...)
	var got []string
	for lines := bufio.NewScanner(bytes.NewReader([]byte(log.String()))); lines.Scan(); {
		line := decoded[map[string]any](t, lines.Text())
		if line["msg"] != "audit" {
			continue
		}
		if line["by"] != "token" || line["from"] == "" {
			t.Errorf("the line is %s", lines.Text())
		}
		got = append(got, line["action"].(string))
	}
	if diff := cmp.Diff([]string{"launch", "retry", "switch"}, got); diff != "" {
		t.Errorf("the actions differ (-want +got):\n%s\n%s", diff, log.String())
	}
	if strings.Contains(log.String(), token) {
		t.Error("the log has the token")
	}
}

func TestSchedulesAndSensorsByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, automated())
	type status struct {
		Name    string
		Ticking bool
	}
	if list := decoded[[]status](t, s.get("/api/v1/sensors").body); len(list) != 3 || list[0].Name != "fails" {
		t.Errorf("the sensors are %+v", list)
	}
	const schedule = "/schedules/every%2Fnight"
	if one := decoded[status](t, s.get("/api/v1"+schedule).body); one.Ticking {
		t.Errorf("the schedule is %+v", one)
	}
	if got := s.send(schedule+"/switch", `{"on": true}`); got.status != http.StatusOK || !decoded[status](t, got.body).Ticking {
		t.Errorf("the answer is %d: %s", got.status, got.body)
	}
	for body, want := range map[string]string{`{}`: "must be given", `{"on": false, "catch_up": true}`: "only for what is turned on", `{"on": "yes"}`: "on (line 1"} {
		if told := problem(t, s.send(schedule+"/switch", body)); !strings.Contains(told.Detail, want) {
			t.Errorf("%s is answered by %+v", body, told)
		}
	}
	if told := problem(t, s.send("/sensors/tables/reset", `{}`)); told.Status != http.StatusUnprocessableEntity {
		t.Errorf("a reset of nothing is answered by %+v", told)
	}
	if got := s.send("/sensors/tables/reset", `{"cursor": "b"}`); got.status != http.StatusOK || !strings.Contains(got.body, `"cursor":"b"`) {
		t.Errorf("the answer is %d: %s", got.status, got.body)
	}
	if got := s.send("/sensors/tables/preview", `{"at": "2026-03-29T02:30:00Z"}`); got.status != http.StatusOK || !strings.Contains(got.body, `"requests":[{`) {
		t.Errorf("the answer is %d: %s", got.status, got.body)
	}
	if told := problem(t, s.send("/sensors/fails/preview", ``)); told.Status != http.StatusUnprocessableEntity || !strings.Contains(told.Detail, "it is closed") {
		t.Errorf("a tick that fails is answered by %+v", told)
	}
	if told := problem(t, s.get("/api/v1/sensors/table")); told.Status != http.StatusNotFound || !strings.Contains(told.Detail, `did you mean "tables"`) {
		t.Errorf("a wrong name is answered by %+v", told)
	}
	if ticks := s.get("/api/v1" + schedule + "/ticks"); ticks.status != http.StatusOK || strings.TrimSpace(ticks.body) != "[]" {
		t.Errorf("the ticks are %d %s", ticks.status, ticks.body)
	}
}

func TestTheHealthOfAResourceByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	got := decoded[inspect.ResourceHealth](t, s.send("/resources/clock/health-check", "").body)
	if got.Status != inspect.HealthStarted {
		t.Errorf("the clock is %+v", got)
	}
	if got := decoded[inspect.ResourceHealth](t, s.send("/resources/warehouse/health-check", "").body); got.Status != inspect.HealthNotStarted || !strings.Contains(got.Error, "table") {
		t.Errorf("the warehouse without a table is %+v", got)
	}
	if got := decoded[inspect.ResourceHealth](t, s.send("/resources/warehouse/health-check", `{"set": [{"path": "resources.warehouse.config.table", "text": "a"}, {"path": "resources.warehouse.config.password", "text": "b"}]}`).body); got.Status != inspect.HealthStarted {
		t.Errorf("the warehouse is %+v", got)
	}
}

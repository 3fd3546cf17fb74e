package server_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
)

func TestARunOnACluster(t *testing.T) {
	t.Parallel()
	lockers := locks.NewMemory()
	place, err := lockers.Place(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	opened := make(gate)
	s := newSite(t, nil, definitions(opened), fx.Provide(func() locks.Locker { return lockers }))
	gone, one, two := "host/1/gone@"+place, "far/7/aaaaaaaaaaaa@"+place, "far/8/bbbbbbbbbbbb@"+place
	add := func(id string, all ...history.EventData) {
		t.Helper()
		for _, data := range all {
			if _, err := s.launcher.Store().Append(t.Context(), history.Event{RunID: id, Time: time.Now(), Data: data}); err != nil {
				t.Fatal(err)
			}
		}
	}
	begin := func(id, page string, workers ...string) {
		t.Helper()
		add(id, history.RunQueued{Selection: "slow", Steps: []string{"slow", "other"}, Owner: gone},
			history.RunStarting{Owner: gone, Cluster: history.Cluster{Name: "temporal", Place: "temporal.example/default", Page: page}}, history.RunStarted{})
		for i, worker := range workers {
			add(id, history.ResourceStarting{Resource: "warehouse", Worker: worker}, history.ResourceStarted{Resource: "warehouse", Worker: worker},
				history.StepStarted{Step: []string{"slow", "other"}[i], Attempt: 1, Worker: worker})
		}
	}
	const page = "https://temporal.example/workflows/spread"
	begin("spread", page, one, two)
	begin("together", "javascript:alert(1)", one)

	t.Run("the page links the page of the cluster, and names the workers", func(t *testing.T) {
		body := s.get("/runs/spread").body
		text := textOf(body)
		for _, want := range []string{
			`<a href="` + page + `">temporal at temporal.example/default</a>`,
			`<small title="far/7/aaaaaaaaaaaa">on far/7/aaaaaaaaaaaa</small>`, `<small title="far/8/bbbbbbbbbbbb">on far/8/bbbbbbbbbbbb</small>`,
			"attempt 1 running on far/8/bbbbbbbbbbbb",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("the page has no %s", want)
			}
		}
		for _, want := range []string{
			"the run goes on in temporal", "run starting in temporal at temporal.example/default", "step started on far/7/aaaaaaaaaaaa", "resource on far/8/bbbbbbbbbbbb started",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the page does not say %q:\n%s", want, text)
			}
		}
		if strings.Count(body, `id="resource-`) != 2 {
			t.Error("the resource has not a line for each worker")
		}
	})
	t.Run("an address that is no page of the web is not linked", func(t *testing.T) {
		body := s.get("/runs/together").body
		if strings.Contains(body, "javascript:") || !strings.Contains(body, "temporal at temporal.example/default") {
			t.Error("the page links it")
		}
	})
	t.Run("lines do not name the worker if there is only one", func(t *testing.T) {
		if body := s.get("/runs/together").body; strings.Contains(body, "<small title=\"far/7") {
			t.Error("they do")
		}
	})
	t.Run("no page says that the run is lost", func(t *testing.T) {
		for _, path := range []string{"/", "/runs", "/runs/spread"} {
			if text := textOf(s.get(path).body); strings.Contains(text, "lost") {
				t.Errorf("%s says it:\n%s", path, text)
			}
		}
	})
	t.Run("the API has the cluster, the workers and the liveness", func(t *testing.T) {
		var got struct {
			history.Record
			Liveness string
		}
		if err := json.Unmarshal([]byte(s.get("/api/v1/runs/spread").body), &got); err != nil {
			t.Fatal(err)
		}
		if got.Cluster.Page != page || got.Steps[1].Worker != two || got.Liveness != "gone" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("who takes the run over is named, and what is left behind", func(t *testing.T) {
		add("spread", history.RunAdopted{Owner: "near/9/cccccccccccc@" + place},
			history.RunFinished{Status: history.StatusFailed, Error: history.Failure{Message: "boom"}, Left: []history.LeftResource{{Resource: "warehouse", Worker: one}}})
		text := textOf(s.get("/runs/spread").body)
		for _, want := range []string{"run taken over by near/9/cccccccccccc", "warehouse on worker far/7/aaaaaaaaaaaa\n"} {
			if !strings.Contains(text, want) {
				t.Errorf("the page does not say %q:\n%s", want, text)
			}
		}
	})
}

package inspect_test

import (
	"testing"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

func TestThePageOfACluster(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"":                                     "",
		"https://temporal.example/runs/r1":     "https://temporal.example/runs/r1",
		"http://localhost:8233/a?b=c#d":        "http://localhost:8233/a?b=c#d",
		"javascript:alert(1)":                  "",
		"JavaScript://temporal.example/%0aa":   "",
		"data:text/html,<script></script>":     "",
		"/runs/r1":                             "",
		"//temporal.example/runs/r1":           "",
		"https:///runs/r1":                     "",
		"https://me:hunter2@temporal.example/": "",
		"https://temporal.example/%zz":         "",
	} {
		if got := inspect.ClusterPage(history.Cluster{Name: "temporal", Page: page}); got != want {
			t.Errorf("the page of %q is %q, want %q", page, got, want)
		}
	}
}

func TestWhetherARunIsLost(t *testing.T) {
	t.Parallel()
	cluster := history.Cluster{Name: "temporal"}
	for name, c := range map[string]struct {
		run                 inspect.RunDetail
		lost, mayBe, goesOn bool
		state               string
	}{
		"its process is gone":                            {run: inspect.RunDetail{Liveness: runs.LivenessGone, Record: history.Record{Status: history.StatusRunning}}, lost: true, state: "running (lost)"},
		"its process runs":                               {run: inspect.RunDetail{Liveness: runs.LivenessRunning, Record: history.Record{Status: history.StatusStarting}}, state: "starting"},
		"its process cannot be checked":                  {run: inspect.RunDetail{Liveness: runs.LivenessUnknown, Record: history.Record{Status: history.StatusRunning}}, mayBe: true, state: "running (possibly lost)"},
		"it is queued for any process":                   {run: inspect.RunDetail{Liveness: runs.LivenessGone, Record: history.Record{Takeable: true, Status: history.StatusQueued}}, state: "queued"},
		"it waited for a place, and its process is gone": {run: inspect.RunDetail{Liveness: runs.LivenessGone, Record: history.Record{Status: history.StatusQueued}}, lost: true, state: "queued (lost)"},
		"it has ended":                                   {run: inspect.RunDetail{Record: history.Record{Status: history.StatusSucceeded, Cluster: cluster}}, state: "succeeded"},
		"it is on a cluster, its process is gone":        {run: inspect.RunDetail{Liveness: runs.LivenessGone, Record: history.Record{Status: history.StatusRunning, Cluster: cluster}}, goesOn: true, state: "running (launcher gone)"},
		"it is on a cluster of another place":            {run: inspect.RunDetail{Liveness: runs.LivenessUnknown, Record: history.Record{Status: history.StatusRunning, Cluster: cluster}}, state: "running"},
	} {
		if c.run.IsLost() != c.lost || c.run.MayBeLost() != c.mayBe || c.run.GoesOn() != c.goesOn {
			t.Errorf("%s: lost %t, may be lost %t, goes on %t", name, c.run.IsLost(), c.run.MayBeLost(), c.run.GoesOn())
		}
		if c.run.State() != c.state {
			t.Errorf("%s: the state is %q, want %q", name, c.run.State(), c.state)
		}
	}
}

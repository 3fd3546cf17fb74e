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
	}{
		"its process is gone":                     {run: inspect.RunDetail{Liveness: runs.LivenessGone}, lost: true},
		"its process runs":                        {run: inspect.RunDetail{Liveness: runs.LivenessRunning}},
		"its process cannot be checked":           {run: inspect.RunDetail{Liveness: runs.LivenessUnknown}, mayBe: true},
		"it is queued for any process":            {run: inspect.RunDetail{Liveness: runs.LivenessGone, Record: history.Record{Takeable: true}}},
		"it has ended":                            {run: inspect.RunDetail{Record: history.Record{Status: history.StatusSucceeded, Cluster: cluster}}},
		"it is on a cluster, its process is gone": {run: inspect.RunDetail{Liveness: runs.LivenessGone, Record: history.Record{Status: history.StatusRunning, Cluster: cluster}}, goesOn: true},
		"it is on a cluster of another place":     {run: inspect.RunDetail{Liveness: runs.LivenessUnknown, Record: history.Record{Status: history.StatusRunning, Cluster: cluster}}},
	} {
		if c.run.IsLost() != c.lost || c.run.MayBeLost() != c.mayBe || c.run.GoesOn() != c.goesOn {
			t.Errorf("%s: lost %t, may be lost %t, goes on %t", name, c.run.IsLost(), c.run.MayBeLost(), c.run.GoesOn())
		}
	}
}

package inspect_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

func TestAPoolHasHoldersAndWaiters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opened := make(chan struct{})
		work := func() { <-opened }
		c, err := container.New(iomanagers.Memory("io_manager"))
		if err != nil {
			t.Fatal(err)
		}
		graph, err := assets.NewGraph(c,
			assets.New("orders", func() orders { work(); return nil }, assets.Pool("shop"), assets.Pool("wide")),
			assets.New("aside", func() revenue { work(); return 1 }),
			assets.NewJob("clean", assets.NewOp("sweep", func() error { work(); return nil }, assets.Pool("shop"))))
		if err != nil {
			t.Fatal(err)
		}
		store := history.NewMemoryStore()
		launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: graph, Store: store, Limits: runs.Limits{Pools: map[string]int{"wide": 2}}})
		if err != nil {
			t.Fatal(err)
		}
		inspector := inspect.New(c, graph, store)
		pools := func() map[string][]string {
			t.Helper()
			found, err := inspector.Pools(t.Context(), launcher)
			if err != nil {
				t.Fatal(err)
			}
			told := make(map[string][]string)
			for _, pool := range found {
				told[pool.Name] = []string{}
				for _, one := range pool.Holders {
					told[pool.Name] = append(told[pool.Name], "holds "+one.Run+" "+one.Step)
				}
				for _, one := range pool.Waiters {
					told[pool.Name] = append(told[pool.Name], "waits "+one.Run+" "+one.Job+" "+one.Step)
				}
				if pool.Used != len(pool.Holders) || pool.Places != map[string]int{"shop": 1, "wide": 2}[pool.Name] {
					t.Errorf("the pool is %+v", pool)
				}
			}
			return told
		}
		if diff := cmp.Diff(map[string][]string{"shop": {}, "wide": {}}, pools()); diff != "" {
			t.Errorf("before the first run (-want +got):\n%s", diff)
		}
		var handles []*runs.Run
		for _, request := range []runs.Request{{ID: "first", Selection: "*"}, {ID: "second", Job: "clean"}} {
			handle, err := launcher.Launch(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			handles = append(handles, handle)
			time.Sleep(time.Second) // in the bubble, in which events are recorded a moment later
			synctest.Wait()
		}
		want := map[string][]string{"shop": {"holds first orders", "waits second clean sweep"}, "wide": {"holds first orders"}}
		if diff := cmp.Diff(want, pools()); diff != "" {
			t.Errorf("while two runs need the pool (-want +got):\n%s", diff)
		}
		close(opened)
		for _, handle := range handles {
			if err := handle.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff(map[string][]string{"shop": {}, "wide": {}}, pools()); diff != "" {
			t.Errorf("after the runs (-want +got):\n%s", diff)
		}
		if err := launcher.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

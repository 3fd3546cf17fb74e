package container_test

import (
	"errors"
	"runtime"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// heap is what is in use after a collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestChildrenLeaveNoMemoryBehind(t *testing.T) { // not parallel: it measures the heap
	c := newContainer(t, quietGraph()...)
	config := container.RunConfig{Resources: map[string]any{"database": container.Fields{"table": "t"}}}
	open := func(n int) {
		for range n {
			if err := c.Invoke(t.Context(), func(*service) {}, container.Launch(config)); err != nil {
				t.Fatal(err)
			}
		}
	}
	open(200) // types and caches that are made once
	before := heap()
	children := 2000
	if testing.Short() {
		children = 500
	}
	open(children)
	// A child takes some 20 kB while it lives; one byte in a hundred of that
	// left behind would show.
	if after := heap(); after > before+uint64(children)*64 {
		t.Errorf("the heap grew from %d to %d bytes with %d children", before, after, children)
	}
}

// An Fx application allocates some 500 objects, and a resource with a hook some 50.
func TestAChildWithoutOptionsPaysForNoFxApplication(t *testing.T) { // not parallel: it counts allocations
	c := newContainer(t, quietGraph()...)
	target, err := c.Target("the service", func(*service) {})
	if err != nil {
		t.Fatal(err)
	}
	allocations := testing.AllocsPerRun(20, func() {
		child, err := c.NewChild(t.Context(), container.Needs(target))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(child.Call(target), child.Close(nil)); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 350 {
		t.Errorf("a child of three resources makes %v allocations", allocations)
	}
}

// quietGraph is the small graph without a journal.
func quietGraph() []container.Definition {
	hooks := func(lc fx.Lifecycle) { lc.Append(fx.StartStopHook(func() {}, func() {})) }
	return []container.Definition{
		container.Provide("service", func(lc fx.Lifecycle, c *cache) *service { hooks(lc); return &service{c} }),
		container.Provide("cache", func(lc fx.Lifecycle, db *database) *cache { hooks(lc); return &cache{db} }),
		container.Provide("database", func(lc fx.Lifecycle, cfg databaseConfig) *database {
			hooks(lc)
			return &database{cfg.DSN}
		}, container.Config(databaseConfig{DSN: "mem"})),
	}
}

package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
)

// load is the size of a history: each run makes one asset, and has ten events.
type load struct{ assets, runs int }

// loadOf returns the size that the environment asks for. The figures in
// docs/performance.md are those of 10,000 assets and 100,000 runs.
func loadOf(b *testing.B) load {
	b.Helper()
	size := load{assets: 1000, runs: 2000}
	for name, into := range map[string]*int{"FXRUN_BENCH_ASSETS": &size.assets, "FXRUN_BENCH_RUNS": &size.runs} {
		if text := os.Getenv(name); text != "" {
			var err error
			if *into, err = strconv.Atoi(text); err != nil {
				b.Fatal(err)
			}
		}
	}
	return size
}

func (l load) asset(n int) string { return fmt.Sprintf("group%d/asset%d", n%l.assets/100, n%l.assets) }

// definitions are assets in groups of a hundred. Each of them waits for one or two others
// of the group before.
func (l load) definitions() fx.Option {
	var options []fx.Option
	for n := range l.assets {
		parts := []assets.Option{assets.InGroup(fmt.Sprint("group", n/100))}
		if n >= 100 {
			parts = append(parts, assets.After(l.asset(n-100), l.asset(n-n%100-100+(n+37)%100)))
		}
		options = append(options, assets.New(l.asset(n), func() int { return n }, parts...))
	}
	for n := range 20 {
		options = append(options, assets.NewJob(fmt.Sprint("job", n), assets.Select(l.asset(n))))
	}
	return fx.Options(options...)
}

// events are those of one run. Every 40th run has failed.
func (l load) events(n int, began time.Time) []history.Event {
	key := l.asset(n)
	at := began.Add(time.Duration(n) * time.Second)
	end, failure := history.EventData(history.StepSucceeded{Step: key, Duration: time.Second}), history.Failure{}
	status := history.StatusSucceeded
	if n%40 == 7 {
		status, failure = history.StatusFailed, history.Failure{Message: "the warehouse is closed"}
		end = history.StepFailed{Step: key, Attempt: 1, Duration: time.Second, Error: failure}
	}
	data := []history.EventData{
		history.RunQueued{Job: fmt.Sprint("job", n%20), Steps: []string{key}, Tags: map[string]string{"team": "data"}},
		history.RunStarting{Owner: "host/1"},
		history.RunStarted{},
		history.StepStarted{Step: key, Attempt: 1},
		history.LogWritten{Step: key, Message: "fetched a page"},
		history.LogWritten{Step: key, Message: "fetched another page"},
		history.AssetMaterialized{Asset: key, Step: key, IOManager: "io_manager", Size: 1024},
		history.LogWritten{Step: key, Message: "done"},
		end,
		history.RunFinished{Status: status, Error: failure, Duration: time.Second},
	}
	if status == history.StatusFailed { // a failed step has stored nothing
		data[6] = history.LogWritten{Step: key, Message: "fetched nothing"}
	}
	events := make([]history.Event, len(data))
	for i, one := range data {
		events[i] = history.Event{RunID: l.run(n), Seq: int64(i + 1), Time: at.Add(time.Duration(i) * time.Millisecond), Data: one}
	}
	return events
}

func (load) run(n int) string { return fmt.Sprintf("run%09d", n) }

// open opens a store with the history. It is kept in the folder that the environment names,
// if it names one.
func (l load) open(b *testing.B) history.Store {
	b.Helper()
	home := b.TempDir()
	if kept := os.Getenv("FXRUN_BENCH_HOME"); kept != "" {
		home = filepath.Join(kept, fmt.Sprintf("load-%d-%d", l.assets, l.runs))
		if err := os.MkdirAll(home, 0o700); err != nil {
			b.Fatal(err)
		}
	}
	store, err := sqlite.Open(b.Context(), home)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	if _, err := history.Find(b.Context(), store, l.run(l.runs-1)); err == nil {
		return store
	}
	began := time.Now().Add(-time.Duration(l.runs) * time.Second).UTC().Truncate(time.Microsecond)
	for first := 0; first < l.runs; first += 500 {
		var events []history.Event
		for n := first; n < min(first+500, l.runs); n++ {
			events = append(events, l.events(n, began)...)
		}
		if _, err := store.Append(b.Context(), events...); err != nil {
			b.Fatal(err)
		}
	}
	return store
}

// BenchmarkPages measures the time of the server for each page, with a large history in
// SQLite.
func BenchmarkPages(b *testing.B) {
	size := loadOf(b)
	store := size.open(b)
	var launcher *runs.Launcher
	var graph *assets.Graph
	var c *container.Container
	var automations *automation.Automations
	app := fxtest.New(b, fxrun.Module, fx.NopLogger, size.definitions(), fx.Supply(fxrun.IO{IOManager: iomanagers.NewMemory()}),
		fx.Supply(fx.Annotate(store, fx.As(new(history.Store)))), fx.Populate(&launcher, &graph, &c, &automations))
	app.RequireStart()
	defer app.RequireStop()
	handler, err := server.New(server.Config{Inspector: inspect.New(c, graph, store), Graph: graph, Launcher: launcher, Automations: automations})
	if err != nil {
		b.Fatal(err)
	}
	defer handler.Close()
	for _, path := range []string{
		"/", "/lineage", "/lineage?select=" + size.asset(size.assets/2), "/assets", "/assets/" + size.asset(7), "/runs", "/runs?status=failed", "/runs?job=job3",
		"/runs/" + size.run(size.runs/2), "/jobs", "/jobs/job3", "/launch?job=job3", "/resources", "/automation", "/instance", "/search?q=asset99",
	} {
		b.Run(path, func(b *testing.B) {
			var took []time.Duration
			size := 0
			for b.Loop() {
				began := time.Now()
				request := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "http://localhost"+path, nil)
				answer := httptest.NewRecorder()
				handler.ServeHTTP(answer, request)
				took = append(took, time.Since(began))
				if size = answer.Body.Len(); answer.Code != http.StatusOK {
					b.Fatalf("status %d: %s", answer.Code, answer.Body)
				}
			}
			first := took[0]
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
			b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
			b.ReportMetric(float64(size)/1000, "kB")
		})
	}
}

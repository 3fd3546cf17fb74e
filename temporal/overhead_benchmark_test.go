package temporal_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/internal/temporaltest"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/postgreslocks"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/temporal"
)

// chained is how many steps, or activities, are executed one after the other.
const chained = 50

// BenchmarkChain compares steps on a cluster with activities that do nothing else, on the same server.
func BenchmarkChain(b *testing.B) {
	server := temporaltest.New(b)
	b.Run("bare activities", func(b *testing.B) { benchmarkActivities(b, server, chained) })
	b.Run("steps, history in memory", func(b *testing.B) {
		benchmarkSteps(b, server, chained, history.NewMemoryStore(), locks.NewMemory())
	})
	b.Run("steps, history in PostgreSQL", func(b *testing.B) { benchmarkInPostgreSQL(b, server, chained) })
}

// BenchmarkOneStep measures runs of one step: from the launch to the end.
func BenchmarkOneStep(b *testing.B) {
	server := temporaltest.New(b)
	b.Run("bare activity", func(b *testing.B) { benchmarkActivities(b, server, 1) })
	b.Run("step, history in PostgreSQL", func(b *testing.B) { benchmarkInPostgreSQL(b, server, 1) })
}

func benchmarkActivities(b *testing.B, server *temporaltest.Server, count int) {
	caller, err := client.Dial(client.Options{HostPort: server.Address(), Logger: silent{}})
	if err != nil {
		b.Fatal(err)
	}
	defer caller.Close()
	executing := worker.New(caller, "bare", worker.Options{})
	payload := strings.Repeat("x", 100) // about that of a step
	executing.RegisterActivityWithOptions(func(context.Context, string) (string, error) { return payload, nil }, activity.RegisterOptions{Name: "nothing"})
	executing.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		for range count {
			if err := workflow.ExecuteActivity(ctx, "nothing", payload).Get(ctx, nil); err != nil {
				return err
			}
		}
		return nil
	}, workflow.RegisterOptions{Name: "chain"})
	if err := executing.Start(); err != nil {
		b.Fatal(err)
	}
	defer executing.Stop()
	for b.Loop() {
		run, err := caller.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{TaskQueue: "bare"}, "chain")
		if err != nil {
			b.Fatal(err)
		}
		if err := run.Get(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
	reportEach(b, count)
}

func benchmarkInPostgreSQL(b *testing.B, server *temporaltest.Server, count int) {
	address := database.Database(b)
	store, err := postgres.New(address)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	locker, err := postgreslocks.New(address)
	if err != nil {
		b.Fatal(err)
	}
	defer locker.Close()
	benchmarkSteps(b, server, count, store, locker)
}

func benchmarkSteps(b *testing.B, server *temporaltest.Server, count int, store history.Store, locker locks.Locker) {
	resources, err := container.New()
	if err != nil {
		b.Fatal(err)
	}
	defer resources.Close()
	var chain []assets.Definition
	for i := range count {
		var after []assets.Option
		if i > 0 {
			after = append(after, assets.After(fmt.Sprint("step", i-1)))
		}
		chain = append(chain, assets.New(fmt.Sprint("step", i), func() error { return nil }, after...))
	}
	graph, err := assets.NewGraph(resources, chain...)
	if err != nil {
		b.Fatal(err)
	}
	cluster, err := temporal.New(temporal.Config{Address: server.Address(), TaskQueue: fmt.Sprintf("bench%d", time.Now().UnixNano())}, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer cluster.Close()
	launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: resources, Graph: graph, Store: store, Locks: locker, Executor: cluster})
	if err != nil {
		b.Fatal(err)
	}
	working, stop := context.WithCancel(b.Context())
	var work sync.WaitGroup
	work.Go(func() {
		if err := cluster.Work(working, launcher); err != nil {
			b.Error(err)
		}
	})
	defer func() {
		stop()
		work.Wait()
		if err := launcher.Close(context.Background()); err != nil {
			b.Error(err)
		}
	}()
	for b.Loop() {
		run, err := launcher.Launch(b.Context(), runs.Request{Selection: "*"})
		if err != nil {
			b.Fatal(err)
		}
		if err := run.Wait(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	reportEach(b, count)
}

// BenchmarkFirstStep measures how long it takes from a launch until the first step begins.
func BenchmarkFirstStep(b *testing.B) {
	server := temporaltest.New(b)
	b.Run("bare activity", func(b *testing.B) { benchmarkFirstActivity(b, server) })
	b.Run("step, history in PostgreSQL", func(b *testing.B) {
		s := newStageAt(b, server, inDatabase(b))
		defer s.startWork()()
		var took time.Duration
		for b.Loop() {
			began := time.Now()
			run := s.launch(runs.Request{Selection: "small"})
			if err := run.Wait(b.Context()); err != nil {
				b.Fatal(err)
			}
			record := s.record(run.ID())
			took += record.Steps[0].Started.Sub(began)
		}
		reportAll(b, took)
	})
}

func benchmarkFirstActivity(b *testing.B, server *temporaltest.Server) {
	caller, err := client.Dial(client.Options{HostPort: server.Address(), Logger: silent{}})
	if err != nil {
		b.Fatal(err)
	}
	defer caller.Close()
	executing := worker.New(caller, "first", worker.Options{})
	executing.RegisterActivityWithOptions(func(context.Context) (time.Time, error) { return time.Now(), nil }, activity.RegisterOptions{Name: "now"})
	executing.RegisterWorkflowWithOptions(func(ctx workflow.Context) (now time.Time, err error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		return now, workflow.ExecuteActivity(ctx, "now").Get(ctx, &now)
	}, workflow.RegisterOptions{Name: "first"})
	if err := executing.Start(); err != nil {
		b.Fatal(err)
	}
	defer executing.Stop()
	var took time.Duration
	for b.Loop() {
		began := time.Now()
		run, err := caller.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{TaskQueue: "first"}, "first")
		if err != nil {
			b.Fatal(err)
		}
		var now time.Time
		if err := run.Get(b.Context(), &now); err != nil {
			b.Fatal(err)
		}
		took += now.Sub(began)
	}
	reportAll(b, took)
}

// BenchmarkLostWorker measures how long it takes from kill -9 of a worker until the step that it
// was executing begins again at another worker.
func BenchmarkLostWorker(b *testing.B) {
	for _, heartbeat := range []time.Duration{10 * time.Second, 2 * time.Second} {
		b.Run(fmt.Sprint("heartbeat ", heartbeat), func(b *testing.B) {
			s := newStage(b, func(p *program) {
				inDatabase(b)(p)
				p.Heartbeat = heartbeat
			})
			workers := []*exec.Cmd{s.start(b, "worker")}
			var took time.Duration
			for begun := 0; b.Loop(); begun += 2 {
				workers = append(workers, s.start(b, "worker"))
				s.touch("hold-other")
				run := s.launch(runs.Request{Selection: "other"})
				holder, others := s.holder(s.awaitNote("began other", begun+1)[begun], workers...)
				killed := time.Now()
				if err := holder.Process.Kill(); err != nil {
					b.Fatal(err)
				}
				s.awaitNote("began other", begun+2)
				took += time.Since(killed)
				s.remove("hold-other")
				if err := run.Wait(b.Context()); err != nil {
					b.Fatal(err)
				}
				workers = others
			}
			reportAll(b, took)
		})
	}
}

func reportAll(b *testing.B, took time.Duration) {
	b.ReportMetric(float64(took.Milliseconds())/float64(b.N), "ms/run")
	b.ReportMetric(0, "ns/op")
}

func reportEach(b *testing.B, count int) {
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N*count), "ms/step")
	b.ReportMetric(0, "ns/op")
}

// silent is a logger for the library of Temporal that writes nothing.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

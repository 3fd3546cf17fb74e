package temporal_test

import (
	"context"
	"fmt"
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

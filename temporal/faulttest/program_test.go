//go:build linux

package faulttest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/internal/faulttest"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks/postgreslocks"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/temporal"
)

// The variables that tell a process of the suite what it is.
const (
	roleVariable     = "FXRUN_CLUSTER_ROLE"     // worker, launch or finish
	homeVariable     = "FXRUN_CLUSTER_HOME"     // the folder of the values and of the markers
	graphVariable    = "FXRUN_CLUSTER_GRAPH"    // the seed of the graph
	databaseVariable = "FXRUN_CLUSTER_DATABASE" // with the history
	temporalVariable = "FXRUN_CLUSTER_TEMPORAL" // the address of Temporal
	queueVariable    = "FXRUN_CLUSTER_QUEUE"    // the task queue of the home
	spreadVariable   = "FXRUN_CLUSTER_SPREAD"   // how many workers execute a run
	markVariable     = "FXRUN_CLUSTER_MARK"     // by which the suite finds its processes
)

// heartbeat is how soon another worker goes on with the runs of a worker that is gone.
const heartbeat = time.Second

// program is what a process has opened.
type program struct {
	*runs.Launcher
	cluster  *temporal.Cluster
	closeAll func() error
}

// placed is a cluster that is at the same place for all processes, although each of them has an
// address of its own for it.
type placed struct{ *temporal.Cluster }

func (placed) Place(string) history.Cluster {
	return history.Cluster{Name: "temporal", Place: "faults"}
}

func newProgram() (*program, error) {
	home := os.Getenv(homeVariable)
	seed, err := strconv.ParseUint(os.Getenv(graphVariable), 10, 64)
	if err != nil {
		return nil, err
	}
	resources, err := container.New(faulttest.Resources(home, iomanagers.FilesConfig{Shared: true})...)
	if err != nil {
		return nil, err
	}
	graph, err := assets.NewGraph(resources, faulttest.Definitions(home, os.Getppid(), seed)...)
	if err != nil {
		return nil, err
	}
	store, err := postgres.New(os.Getenv(databaseVariable))
	if err != nil {
		return nil, err
	}
	locks, err := postgreslocks.New(os.Getenv(databaseVariable))
	if err != nil {
		return nil, err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	cluster, err := temporal.New(temporal.Config{
		Address: os.Getenv(temporalVariable), TaskQueue: os.Getenv(queueVariable), Heartbeat: heartbeat,
		Placement: "spread=" + os.Getenv(spreadVariable), Drain: 100 * time.Millisecond,
	}, logger)
	if err != nil {
		return nil, err
	}
	launcher, err := runs.NewLauncher(runs.LauncherConfig{
		Container: resources, Graph: graph, Store: store, Locks: locks, Logger: logger, Executor: placed{cluster}, Limits: runs.Limits{Runs: 3},
	})
	return &program{launcher, cluster, func() error {
		closed := launcher.Close(context.Background())
		cluster.Close()
		return errors.Join(closed, resources.Close(), store.Close(), locks.Close())
	}}, err
}

// play is a process of the suite. A SIGTERM has it leave its runs to others.
func play(role string) (err error) {
	opened, err := newProgram()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.closeAll()) }()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	switch role {
	case "worker":
		return opened.cluster.Work(ctx, opened.Launcher)
	case "launch":
		return opened.launchSome(ctx)
	case "finish":
		return opened.finish(ctx)
	}
	return fmt.Errorf("%s: no such role", role)
}

// launchSome launches a few runs at the same time, and waits for them. How they end is for the
// checker to judge.
func (p *program) launchSome(ctx context.Context) error {
	var launches sync.WaitGroup
	errs := make([]error, 1+rand.IntN(4))
	for i := range errs {
		launches.Go(func() { errs[i] = p.launch(ctx) })
	}
	launches.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(errs...)
}

func (p *program) launch(ctx context.Context) error {
	request := runs.Request{Selection: "not settling", Priority: rand.IntN(2)}
	if rand.IntN(2) == 0 {
		request = runs.Request{Job: "nightly"}
	}
	if rand.IntN(8) == 0 {
		request.Timeout = rand.N(3 * time.Second)
	}
	if rand.IntN(3) == 0 {
		prepared, err := p.Prepare(request)
		if err == nil {
			_, err = prepared.Queue(ctx)
		}
		return err
	}
	handle, err := p.Launch(ctx, request)
	if err != nil {
		return err
	}
	_ = handle.Wait(ctx)
	return nil
}

// finish takes everything that waits, and stores every value again, which removes what a writer
// has left. It returns when all runs have ended.
func (p *program) finish(ctx context.Context) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	worked := make(chan error, 1)
	go func() { worked <- p.Work(working, runs.WorkOptions{MaxRuns: 4}) }()
	for began := time.Now(); ; {
		open, err := p.Store().Runs(ctx, history.RunQuery{Statuses: []history.Status{history.StatusQueued, history.StatusStarting, history.StatusRunning}})
		if err != nil {
			return err
		}
		if len(open) == 0 {
			break
		}
		if time.Since(began) > longest/2 {
			return p.unfinished(ctx, open)
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	if err := <-worked; err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		return err
	}
	var last error
	for range 20 { // steps fail by chance
		handle, err := p.Launch(ctx, runs.Request{Selection: "*"})
		if err != nil {
			return err
		}
		if last = handle.Wait(ctx); last == nil {
			break
		}
	}
	return last
}

// unfinished tells the events of the runs that do not end.
func (p *program) unfinished(ctx context.Context, open []history.Record) error {
	var text strings.Builder
	for _, run := range open {
		fmt.Fprintf(&text, "run %s is %s for ever:\n", run.ID, run.Status)
		for event, err := range history.EachEvent(ctx, p.Store(), history.EventQuery{RunID: run.ID}) {
			if err != nil {
				return err
			}
			fmt.Fprintf(&text, "  %d %s %T %+v\n", event.Seq, event.Time.Format("05.000"), event.Data, event.Data)
		}
	}
	return errors.New(text.String())
}

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
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/internal/faulttest"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/locks/postgreslocks"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/processes"
)

// The variables that tell a process of the suite what it is.
const (
	roleVariable     = "FXRUN_FAULT_ROLE"     // launch, work, settle or finish
	homeVariable     = "FXRUN_FAULT_HOME"     // the folder of the history, the values and the markers
	graphVariable    = "FXRUN_FAULT_GRAPH"    // the seed of the graph
	executorVariable = "FXRUN_FAULT_EXECUTOR" // "", step or run
	addressVariable  = "FXRUN_FAULT_ADDRESS"  // of the database with the history; "" for a file in the folder
	deafVariable     = "FXRUN_FAULT_DEAF"     // "true" if the kernel does not tell that a parent has ended
	markVariable     = "FXRUN_FAULT_MARK"     // by which the suite finds its processes
)

// program is what a process has opened.
type program struct {
	*runs.Launcher
	container *container.Container
	history   *kept
}

func (p *program) close() error {
	return errors.Join(p.Close(context.Background()), p.container.Close(), p.history.close())
}

// kept is a history with its locks.
type kept struct {
	store interface {
		history.Store
		Close() error
	}
	locks     locks.Locker
	unlockAll func() error
}

func (k *kept) close() error { return errors.Join(k.store.Close(), k.unlockAll()) }

// openHistory opens the history of a home as package cli does.
func openHistory(home, address string) (*kept, error) {
	if address == "" {
		return &kept{sqlite.NewFolder(home), filelocks.New(filepath.Join(home, "locks")), func() error { return nil }}, nil
	}
	store, err := postgres.New(address)
	if err != nil {
		return nil, err
	}
	database, err := postgreslocks.New(address)
	if err != nil {
		return nil, err
	}
	return &kept{store, database, database.Close}, nil
}

func newProgram(executor string) (*program, error) {
	home, parent := os.Getenv(homeVariable), os.Getppid()
	seed, err := strconv.ParseUint(os.Getenv(graphVariable), 10, 64)
	if err != nil {
		return nil, err
	}
	c, err := container.New(faulttest.Resources(home, iomanagers.FilesConfig{})...)
	if err != nil {
		return nil, err
	}
	graph, err := assets.NewGraph(c, faulttest.Definitions(home, parent, seed)...)
	if err != nil {
		return nil, err
	}
	opened, err := openHistory(home, os.Getenv(addressVariable))
	if err != nil {
		return nil, err
	}
	config := runs.LauncherConfig{
		Container: c, Graph: graph, Store: opened.store, Locks: opened.locks,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Limits: runs.Limits{Runs: 3},
	}
	switch executor {
	case "step":
		config.Executor = processes.Steps(processes.Config{Grace: grace})
	case "run":
		config.Executor = processes.Whole(processes.Config{Grace: grace})
	}
	launcher, err := runs.NewLauncher(config)
	return &program{launcher, c, opened}, err
}

// grace is how long a process for a step or a run may go on after its work was cancelled.
const grace = 5 * time.Second

// In some homes the kernel does not tell the processes that execute steps that the process which
// has started them has ended. They must find it out by their pipe.
func init() { // in the thread that the kernel tells it
	if processes.Asked() && os.Getenv(deafVariable) == "true" {
		_ = unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0)
	}
}

// play is a process of the suite. A SIGTERM lets it drain its runs and end.
func play(role string) (err error) {
	launcher, err := newProgram(os.Getenv(executorVariable))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	defer func() { err = errors.Join(err, launcher.close()) }()
	switch role {
	case "launch":
		return launchSome(ctx, launcher)
	case "work":
		return launcher.Work(ctx, runs.WorkOptions{MaxRuns: 2})
	case "settle":
		return succeed(ctx, launcher, "settling")
	case "finish": // all that waits, and then every value again, which removes what a writer has left
		if err := launcher.Work(ctx, runs.WorkOptions{UntilEmpty: true}); err != nil {
			return err
		}
		var last error
		for range 20 { // steps fail by chance
			if last = succeed(ctx, launcher, "*"); last == nil {
				break
			}
		}
		return last
	}
	return fmt.Errorf("%s: no such role", role)
}

func succeed(ctx context.Context, launcher *program, selection string) error {
	handle, err := launcher.Launch(ctx, runs.Request{Selection: selection})
	if err != nil {
		return err
	}
	return handle.Wait(context.Background())
}

// launchSome launches a few runs at the same time, and waits for them. How they end is
// for the checker to judge.
func launchSome(ctx context.Context, launcher *program) error {
	var launches sync.WaitGroup
	errs := make([]error, 1+rand.IntN(4))
	for i := range errs {
		launches.Go(func() { errs[i] = launch(ctx, launcher) })
	}
	launches.Wait()
	return errors.Join(errs...)
}

func launch(ctx context.Context, launcher *program) error {
	request := runs.Request{Selection: "not settling", Priority: rand.IntN(2)}
	if rand.IntN(2) == 0 {
		request.OnCrash = assets.CrashResume
	}
	if rand.IntN(2) == 0 {
		request = runs.Request{Job: "nightly"}
	}
	if rand.IntN(8) == 0 {
		request.Timeout = rand.N(300 * time.Millisecond)
	}
	if rand.IntN(3) == 0 {
		prepared, err := launcher.Prepare(request)
		if err == nil {
			_, err = prepared.Queue(ctx)
		}
		return unlessDone(ctx, err)
	}
	handle, err := launcher.Launch(ctx, request)
	if err != nil {
		return unlessDone(ctx, err)
	}
	defer context.AfterFunc(ctx, func() { handle.Drain("the process ends", 100*time.Millisecond) })()
	_ = handle.Wait(context.Background())
	return nil
}

func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

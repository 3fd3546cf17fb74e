package temporal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/postgreslocks"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/temporal"
)

// program is what the launchers and the workers of a test have in common. Another process gets it as JSON.
type program struct {
	Folder    string // of values, and of what the steps note and wait for
	Database  string // of the history and of the locks
	Address   string
	Namespace string
	Queue     string
	Heartbeat time.Duration
	Drain     time.Duration
	MaxRuns   int
	Parallel  int
	Placement string
	Retries   int // of the definitions: others are another version of them

	store    history.Store // in place of those of the database
	locker   locks.Locker
	executor func(*temporal.Cluster) runs.Executor // in place of the cluster
	connect  func(*temporal.Config)                // changes how Temporal is reached; may be nil
}

// warehouse is the resource of all steps. It notes when it is started and stopped.
type warehouse struct{}

type warehouseConfig struct {
	Table    string
	Password container.Secret[string]
}

// note appends a line to a file that tells what has happened.
func (p program) note(format string, args ...any) error {
	file, err := os.OpenFile(filepath.Join(p.Folder, "notes"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, format+"\n", args...)
	return errors.Join(err, file.Close())
}

// notes returns the lines with a beginning.
func (p program) notes(beginning string) (found []string) {
	text, _ := os.ReadFile(filepath.Join(p.Folder, "notes"))
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, beginning) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

func (p program) exists(name string) bool {
	_, err := os.Stat(filepath.Join(p.Folder, name))
	return err == nil
}

// execute is the function of a step: it notes that it begins and ends, and waits in between while a file says so.
func (p program) execute(ctx context.Context, key string) error {
	if err := p.note("began %s %d", key, os.Getpid()); err != nil {
		return err
	}
	for p.exists("hold-" + key) {
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), p.note("cancelled %s %d", key, os.Getpid()))
		case <-time.After(5 * time.Millisecond):
		}
	}
	if p.exists("fail-" + key) {
		return errors.New("it was told to fail")
	}
	return p.note("ended %s %d", key, os.Getpid())
}

type (
	firstValue  struct{ N int }
	secondValue struct{ N int }
	thirdValue  struct{ N int }
)

func (p program) definitions() (*container.Container, *assets.Graph, error) {
	c, err := container.New(
		iomanagers.Files(assets.DefaultIO, iomanagers.FilesConfig{Root: filepath.Join(p.Folder, "values"), Shared: true}),
		container.Provide("warehouse", p.newWarehouse, container.Config(warehouseConfig{})),
	)
	if err != nil {
		return nil, nil, err
	}
	graph, err := assets.NewGraph(c,
		assets.New("first", func(ctx context.Context, _ *warehouse) (firstValue, error) {
			return firstValue{1}, p.execute(ctx, "first")
		}),
		assets.New("second", func(ctx context.Context, _ *warehouse, of firstValue) (secondValue, error) {
			return secondValue{of.N + 1}, p.execute(ctx, "second")
		}, assets.Retry(p.Retries, nil)),
		assets.New("third", func(ctx context.Context, _ *warehouse, of secondValue) (thirdValue, error) {
			return thirdValue{of.N + 1}, p.execute(ctx, "third")
		}),
		assets.New("other", func(ctx context.Context, _ *warehouse) error { return p.execute(ctx, "other") }),
		assets.New("flaky", func(ctx context.Context, at *assets.Context) error {
			if at.Attempt() > 1 {
				return nil
			}
			return p.execute(ctx, "flaky")
		}, assets.Retry(1, func(int) time.Duration { return time.Millisecond })),
		assets.New("small", func() error { return nil }),
	)
	return c, graph, err
}

func (p program) newWarehouse(lc fx.Lifecycle, config warehouseConfig) (*warehouse, error) {
	if config.Table == "missing" {
		return nil, errors.New("there is no such table")
	}
	if config.Table == "panics" {
		panic("the table is upside down")
	}
	if config.Table == "forbidden" {
		return nil, fmt.Errorf("the password %s is refused", config.Password.Reveal())
	}
	lc.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			if config.Table == "slow" {
				if err := p.note("opening %d", os.Getpid()); err != nil {
					return err
				}
				<-ctx.Done()
				return ctx.Err()
			}
			return p.note("opened %d", os.Getpid())
		},
		OnStop: func(ctx context.Context) error {
			outcome := "success"
			if err := container.Outcome(ctx); err != nil {
				outcome = err.Error()
			}
			return p.note("closed %d %s", os.Getpid(), outcome)
		},
	})
	return &warehouse{}, nil
}

// newLauncher returns a launcher whose runs are executed by the cluster. The caller calls close.
func (p program) newLauncher(logger *slog.Logger) (launcher *runs.Launcher, cluster *temporal.Cluster, closeAll func() error, err error) {
	c, graph, err := p.definitions()
	if err != nil {
		return nil, nil, nil, err
	}
	config := temporal.Config{
		Address: p.Address, Namespace: p.Namespace, TaskQueue: p.Queue, Heartbeat: p.Heartbeat, Drain: p.Drain, MaxRuns: p.MaxRuns,
		MaxParallel: p.Parallel, Placement: p.Placement, UI: "http://temporal.example",
	}
	if p.connect != nil {
		p.connect(&config)
	}
	cluster, err = temporal.New(config, logger)
	if err != nil {
		return nil, nil, nil, err
	}
	store, locker, closers := p.store, p.locker, []func() error{}
	if p.Database != "" {
		database, err := postgres.New(p.Database)
		if err != nil {
			return nil, nil, nil, err
		}
		session, err := postgreslocks.New(p.Database)
		if err != nil {
			return nil, nil, nil, err
		}
		store, locker, closers = database, session, []func() error{database.Close, session.Close}
	}
	executor := runs.Executor(cluster)
	if p.executor != nil {
		executor = p.executor(cluster)
	}
	launcher, err = runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: graph, Store: store, Locks: locker, Executor: executor, Logger: logger})
	if err != nil {
		return nil, nil, nil, err
	}
	return launcher, cluster, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		errs := []error{launcher.Drain(ctx), c.Close()} // which leaves runs on the cluster to others
		cluster.Close()
		for _, closing := range closers {
			errs = append(errs, closing())
		}
		return errors.Join(errs...)
	}, nil
}

// The environment of a process that the tests start.
const (
	roleVariable    = "TEMPORAL_TEST_ROLE" // worker or launcher
	programVariable = "TEMPORAL_TEST_PROGRAM"
)

// beProcess is the main function of a process that the tests start.
func beProcess(role string) error {
	var p program
	if err := json.Unmarshal([]byte(os.Getenv(programVariable)), &p); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	launcher, cluster, closeAll, err := p.newLauncher(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	switch role {
	case "worker":
		err = cluster.Work(ctx, launcher)
	case "launcher":
		var run *runs.Run
		if run, err = launcher.Launch(ctx, runs.Request{Selection: "+third", ID: "launched"}); err == nil {
			err = run.Wait(ctx)
		}
	}
	return errors.Join(err, closeAll())
}

// start starts a process of this program, which is killed at the end of the test.
func (p program) start(t testing.TB, role string) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), roleVariable+"="+role, programVariable+"="+string(text))
	said := new(strings.Builder) // read after the end of the process
	command.Stderr, command.Stdout = said, said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if command.ProcessState == nil {
			_ = command.Process.Kill()
			_ = command.Wait()
		}
		if t.Failed() {
			t.Logf("the %s %d said:\n%s", role, command.Process.Pid, said)
		}
	})
	return command
}

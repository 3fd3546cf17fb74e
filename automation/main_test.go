package automation_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program is a program with schedules and sensors, in memory.
type program struct {
	t         testing.TB
	container *container.Container
	graph     *assets.Graph
	all       *automation.Automations
	store     history.Store
	locks     locks.Locker
	launcher  *runs.Launcher
	log       *strings.Builder
	logMu     sync.Mutex
}

type WarehouseConfig struct {
	Table string
}

// Warehouse is a resource that is told at launch which table it is for.
type Warehouse struct{ Table string }

// tables are the tables that runs were for.
type tables struct {
	mu  sync.Mutex
	all []string
}

func (s *tables) add(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, name)
}

func (s *tables) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.all...)
}

func (p *program) Write(line []byte) (int, error) {
	p.logMu.Lock()
	defer p.logMu.Unlock()
	return p.log.Write(line)
}

func (p *program) logged() string {
	p.logMu.Lock()
	defer p.logMu.Unlock()
	return p.log.String()
}

// build checks definitions: the job update_data loads the table that its launch names.
func build(t testing.TB, loaded *tables, resources []container.Definition, definitions ...automation.Definition) (*program, error) {
	t.Helper()
	p := &program{t: t, store: history.NewMemoryStore(), locks: locks.NewMemory(), log: new(strings.Builder)}
	memory := iomanagers.NewMemory()
	resources = append(resources,
		container.Provide("warehouse", func(config WarehouseConfig) *Warehouse { return &Warehouse{config.Table} },
			container.Config(WarehouseConfig{}, container.AtLaunch("Table"))),
		container.Provide("io_manager", func() iomanagers.IOManager { return memory }))
	var err error
	if p.container, err = container.New(resources...); err != nil {
		return nil, err
	}
	data := assets.New("data", func(w *Warehouse) string { loaded.add(w.Table); return w.Table })
	small := assets.New("small", func() int { loaded.add("small"); return 1 })
	orders := assets.NewJob("update_orders", assets.Select("data"), assets.LaunchDefaults(container.RunConfig{Resources: map[string]any{"warehouse": WarehouseConfig{Table: "orders"}}}))
	broken := assets.New("broken", func() (bool, error) { return false, fmt.Errorf("it is broken") })
	if p.graph, err = assets.NewGraph(p.container, data, small, broken, assets.NewJob("update_data", assets.Select("data")), orders, assets.NewJob("small_job", assets.Select("small")),
		assets.NewJob("broken_job", assets.Select("broken"), assets.RetryRun(1, nil))); err != nil {
		t.Fatal(err)
	}
	p.all, err = automation.New(p.container, p.graph, nil, definitions...)
	return p, err
}

func newProgram(t testing.TB, loaded *tables, resources []container.Definition, definitions ...automation.Definition) *program {
	t.Helper()
	p, err := build(t, loaded, resources, definitions...)
	if err != nil {
		t.Fatal(err)
	}
	p.launcher = p.newLauncher()
	return p
}

// newLauncher returns one more launcher over the same history, as another process has one.
func (p *program) newLauncher() *runs.Launcher {
	p.t.Helper()
	launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: p.container, Graph: p.graph, Store: p.store, Locks: p.locks})
	if err != nil {
		p.t.Fatal(err)
	}
	return launcher
}

func (p *program) control() *automation.Control {
	p.t.Helper()
	control, err := automation.NewControl(p.all, p.store)
	if err != nil {
		p.t.Fatal(err)
	}
	return control
}

func (p *program) daemon(launcher *runs.Launcher, change func(*automation.DaemonConfig)) *automation.Daemon {
	p.t.Helper()
	config := automation.DaemonConfig{
		Automations: p.all, Launcher: launcher, Locks: p.locks,
		Logger: slog.New(slog.NewTextHandler(p, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})),
	}
	if change != nil {
		change(&config)
	}
	daemon, err := automation.NewDaemon(config)
	if err != nil {
		p.t.Fatal(err)
	}
	return daemon
}

// start runs a daemon until stop is called.
func (p *program) start(daemon *automation.Daemon) (stop func()) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- daemon.Run(ctx) }()
	var once sync.Once
	return func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				p.t.Errorf("the daemon: %v", err)
			}
		})
	}
}

// runFor runs a new daemon with a launcher of its own for some time.
func (p *program) runFor(d time.Duration, change func(*automation.DaemonConfig)) {
	p.t.Helper()
	launcher := p.newLauncher()
	stop := p.start(p.daemon(launcher, change))
	time.Sleep(d)
	synctest.Wait()
	stop()
	p.close(launcher)
}

func (p *program) close(launcher *runs.Launcher) {
	p.t.Helper()
	if err := launcher.Close(context.Background()); err != nil {
		p.t.Error(err)
	}
}

func (p *program) ticks(kind automation.Kind, name string) []automation.TickRecord {
	p.t.Helper()
	ticks, err := p.control().Ticks(context.Background(), kind, name, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	return ticks
}

func (p *program) status(kind automation.Kind, name string) automation.Status {
	p.t.Helper()
	status, err := p.control().Status(context.Background(), kind, name)
	if err != nil {
		p.t.Fatal(err)
	}
	return status
}

// runsOf returns the runs with a tag, the oldest first.
func (p *program) runs(tags map[string]string) []history.Record {
	p.t.Helper()
	found, err := p.store.Runs(context.Background(), history.RunQuery{Tags: tags})
	if err != nil {
		p.t.Fatal(err)
	}
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return found
}

// table asks for a run for a table.
func table(name string) automation.RunRequest {
	return automation.RunRequest{Key: name, Config: container.RunConfig{Resources: map[string]any{"warehouse": WarehouseConfig{Table: name}}}}
}

// until waits in a bubble until a condition holds.
func until(t testing.TB, limit time.Duration, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); {
		if time.Since(began) > limit {
			t.Fatalf("it did not come within %s", limit)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

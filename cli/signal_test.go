package cli_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/history"
)

// blocking are programs that go on for ever in one phase of a command, and say
// on out when they are there.
func blocking(phase string, out io.Writer) []fx.Option {
	say := func(text string) { _, _ = fmt.Fprintln(out, text) }
	return []fx.Option{
		assets.New("one", func() int { return 1 }),
		fx.Invoke(func(lc fx.Lifecycle) {
			lc.Append(fx.StartStopHook(func() { say("first started") }, func() { say("first stopped") }))
			if phase == "constructor" {
				say("constructor runs")
				select {}
			}
			lc.Append(fx.StartStopHook(
				func(ctx context.Context) error {
					switch phase {
					case "start":
						say("start runs")
						<-ctx.Done()
						return ctx.Err()
					case "stubborn start":
						say("stubborn start runs")
						select {}
					}
					return nil
				},
				func() {
					if phase == "stop" {
						say("stop runs")
						select {}
					}
				},
			))
		}),
	}
}

func TestTheFirstSignalCancelsWhateverIsGoingOn(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String()+" during the constructors of the application", func(t *testing.T) {
			newHome(t)
			p := start(t, "constructor", "run")
			p.until(t, "constructor runs")
			p.signal(t, s)
			if out, code := p.rest(t); code != 130 || strings.Contains(out, "first started") {
				t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
			}
		})
		t.Run(s.String()+" during the start of the application stops what has started", func(t *testing.T) {
			newHome(t)
			p := start(t, "start", "run")
			p.until(t, "start runs")
			p.signal(t, s)
			if out, code := p.rest(t); code != 130 || !strings.Contains(out, "first stopped") {
				t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
			}
		})
		t.Run(s.String()+" while the history is locked", func(t *testing.T) {
			home := newHome(t)
			succeed(t, blocking("", io.Discard), "run")
			lock(t, home)
			p := start(t, "free", "run")
			p.until(t, "first started")
			p.signal(t, s)
			if out, code := p.rest(t); code != 130 || !strings.Contains(out, "first stopped") {
				t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
			}
		})
	}
	for args, phase := range map[string]string{"asset one --value": "constructor", "logs --follow": "constructor"} {
		t.Run(args+" during the constructors of the application", func(t *testing.T) {
			newHome(t)
			p := start(t, phase, strings.Fields(args)...)
			p.until(t, "constructor runs")
			p.signal(t, syscall.SIGTERM)
			if out, code := p.rest(t); code != 130 {
				t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
			}
		})
	}
	t.Run("the start of the application to read a value", func(t *testing.T) {
		newHome(t)
		p := start(t, "start", "asset", "one", "--value")
		p.until(t, "start runs")
		p.signal(t, syscall.SIGTERM)
		if out, code := p.rest(t); code != 130 || !strings.Contains(out, "first stopped") {
			t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
		}
	})
}

// lock holds the history in home, so that nobody else can write to it, until
// the end of the test.
func lock(t *testing.T, home string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(home, "fxrun.db"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = db.Close()
	})
}

func TestTheSecondSignalQuitsWhateverIsGoingOn(t *testing.T) {
	for phase, until := range map[string]string{"stubborn start": "stubborn start runs", "stop": "stop runs"} {
		t.Run(phase, func(t *testing.T) {
			newHome(t)
			p := startMerged(t, phase, "run")
			p.until(t, until)
			p.signal(t, os.Interrupt)
			p.until(t, "press Ctrl-C again to quit at once")
			p.signal(t, syscall.SIGTERM)
			if out, code := p.rest(t); code != 130 {
				t.Errorf("exit code %d\n%s", code, out)
			}
		})
	}
}

func TestASignalDuringTheTeardownOfAGoodRunLeavesItASuccess(t *testing.T) {
	newHome(t)
	ctx, cancel := context.WithCancel(t.Context())
	noted := make(chan struct{})
	stopped := false
	definitions := []fx.Option{
		assets.New("one", func() int { return 1 }),
		fx.Invoke(func(lc fx.Lifecycle) {
			lc.Append(fx.StopHook(func() {
				cancel()
				<-noted
				stopped = true
			}))
		}),
	}
	var once sync.Once
	streams := cli.Streams{Err: writerFunc(func(text []byte) (int, error) {
		once.Do(func() { close(noted) })
		return len(text), nil
	})}
	if code := cli.Run(ctx, []string{"run"}, streams, definitions...); code != 0 || !stopped {
		t.Errorf("exit code %d, torn down %t, want 0 and true", code, stopped)
	}
	if listed := succeed(t, definitions, "runs"); !strings.Contains(listed, "succeeded") {
		t.Errorf("the run is no success:\n%s", listed)
	}
}

func TestAStartThatDoesNotHeedTheSignalIsTornDownAfterIt(t *testing.T) {
	newHome(t)
	ctx, cancel := context.WithCancel(t.Context())
	var notes []string
	hook := func(name string, start func()) fx.Hook {
		return fx.StartStopHook(func() { notes = append(notes, "start "+name); start() }, func() { notes = append(notes, "stop "+name) })
	}
	definitions := []fx.Option{
		assets.New("one", func() int { notes = append(notes, "step"); return 1 }),
		fx.Invoke(func(lc fx.Lifecycle) {
			lc.Append(hook("a", func() {}))
			lc.Append(hook("b", cancel))
			lc.Append(hook("c", func() {}))
		}),
	}
	code := cli.Run(ctx, []string{"run"}, cli.Streams{}, definitions...)
	if got, want := strings.Join(notes, ", "), "start a, start b, stop b, stop a"; code != 130 || got != want {
		t.Errorf("exit code %d, %s, want 130, %s", code, got, want)
	}
}

// waitingStore does not take the first event of a run.
type waitingStore struct {
	history.Store
	arrived func()
}

func (w waitingStore) Append(ctx context.Context, _ ...history.Event) ([]history.Event, error) {
	w.arrived()
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestASignalEndsTheWaitForTheHistoryOfALaunch(t *testing.T) {
	newHome(t)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := false
	definitions := append(blocking("", io.Discard),
		fx.Provide(func() history.Store { return waitingStore{history.NewMemoryStore(), cancel} }),
		fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StopHook(func() { stopped = true })) }),
	)
	var told bytes.Buffer
	if code := cli.Run(ctx, []string{"run"}, cli.Streams{Err: &told}, definitions...); code != 130 || !stopped {
		t.Errorf("exit code %d, torn down %t, standard error %q", code, stopped, told.String())
	}
}

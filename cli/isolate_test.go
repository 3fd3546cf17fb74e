package cli_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/runs"
)

type (
	number  int
	doubled int

	vaultConfig struct{ Password container.Secret[string] }
	vault       struct{ config vaultConfig }
	workerPool  struct{ _ int }
)

// isolated is a program whose steps say in which process they are.
func isolated() []fx.Option {
	return []fx.Option{
		container.Provide("vault", func(config vaultConfig) *vault { return &vault{config} }, container.Config(vaultConfig{})),
		assets.New("number", func(step *assets.Context) number {
			step.Logger().Info("here", "pid", os.Getpid())
			step.Logger().Debug("closely")
			return 21
		}),
		assets.New("doubled", func(step *assets.Context, n number) doubled {
			step.Logger().Info("here", "pid", os.Getpid())
			return doubled(2 * n)
		}),
		assets.New("pooled", func() error { return nil }, assets.Pool("warehouse")),
		assets.New("exits", func() error {
			fmt.Println("the last words")
			os.Exit(7)
			return nil
		}),
		assets.New("opens", func(v *vault) error {
			if v.config.Password.Reveal() != "hunter2" {
				return errors.New("another password")
			}
			return nil
		}),
		container.Provide("pool", func(lc fx.Lifecycle) *workerPool {
			lc.Append(fx.StartStopHook(func() { fmt.Println("the pool has started") }, func() { fmt.Println("the pool was stopped") }))
			return new(workerPool)
		}, container.PerProcess()),
		assets.New("worked", func(*workerPool) error { return nil }),
		automation.NewSensor("numbers", func() automation.RunRequest {
			return automation.RunRequest{Key: "once", Selection: "number"}
		}, automation.Every(time.Minute)),
		iomanagers.Memory("memory"),
		assets.New("fleeting", func() int { return 1 }, assets.IO("memory")),
		fx.Invoke(func(lc fx.Lifecycle) {
			lc.Append(fx.StartHook(func() { fmt.Println("the application has started") }))
		}),
	}
}

// mounted is a program with a tree of commands of its own.
func mounted() {
	root := &cobra.Command{Use: "tool"}
	data := cli.Command(isolated()...)
	data.Use = "data"
	root.AddCommand(data)
	os.Exit(cli.ExitCode(root.Execute()))
}

// executed returns the events of a run that a program executes as another process, and
// the error output.
func executed(t *testing.T, program string, args ...string) (events []history.Event, errors string, code int) {
	t.Helper()
	p := start(t, program, args...)
	out, code := p.rest(t)
	for line := range strings.Lines(out) {
		var event history.Event
		if json.Unmarshal([]byte(line), &event) == nil && event.RunID != "" {
			events = append(events, event)
		}
	}
	return events, p.err.String(), code
}

func TestStepsInProcessesOfTheirOwn(t *testing.T) {
	pids := func(events []history.Event) map[string]string {
		found := make(map[string]string)
		for _, event := range events {
			if line, ok := event.Data.(history.LogWritten); ok && line.Message == "here" {
				found[line.Step] = fmt.Sprint(line.Attrs.Get("pid"))
			}
		}
		return found
	}
	t.Run("each step has one with --isolate step", func(t *testing.T) {
		newHome(t)
		events, text, code := executed(t, "isolated", "run", "--select", "+doubled", "--isolate", "step", "--json")
		found := pids(events)
		if code != 0 || len(found) != 2 || found["number"] == found["doubled"] {
			t.Errorf("exit code %d, processes %v\n%s", code, found, text)
		}
		if value := succeed(t, isolated(), "asset", "doubled", "--value"); !strings.Contains(value, "42") {
			t.Errorf("the value is %s", value)
		}
	})
	t.Run("the run has one with --isolate run", func(t *testing.T) {
		newHome(t)
		events, text, code := executed(t, "isolated", "run", "--select", "+doubled", "--isolate", "run", "--json")
		found := pids(events)
		if code != 0 || len(found) != 2 || found["number"] != found["doubled"] {
			t.Errorf("exit code %d, processes %v\n%s", code, found, text)
		}
	})
	for _, isolate := range []string{"step", "run"} {
		t.Run("an exit in a step does not end the command with --isolate "+isolate, func(t *testing.T) {
			newHome(t)
			p := start(t, "isolated", "run", "--select", "exits", "--isolate", isolate)
			out, code := p.rest(t)
			if code != 1 || !strings.Contains(out, "the process ended with exit code 7; its last output:") || !strings.Contains(out, "the last words") {
				t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
			}
		})
		t.Run("a secret that is given literally gets there with --isolate "+isolate, func(t *testing.T) {
			newHome(t)
			p := start(t, "isolated", "run", "--select", "opens", "--isolate", isolate, "--set", "resources.vault.config.password=hunter2")
			if out, code := p.rest(t); code != 0 || strings.Contains(out, "hunter2") {
				t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
			}
		})
		t.Run("values in memory are refused with --isolate "+isolate, func(t *testing.T) {
			newHome(t)
			p := start(t, "isolated", "run", "--select", "fleeting", "--isolate", isolate)
			if out, code := p.rest(t); code != 64 || !strings.Contains(p.err.String(), "fleeting is stored by memory, from which another process can't load it") {
				t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
			}
		})
		t.Run("an interrupt tears down with --isolate "+isolate, func(t *testing.T) {
			newHome(t)
			p := start(t, "slow", "run", "--select", "forever", "--isolate", isolate, "-v")
			p.until(t, "waiting for the end")
			p.signal(t, os.Interrupt)
			if out, code := p.rest(t); code != 130 || !strings.Contains(out, "gate stopped") || !strings.Contains(out, "told to go") {
				t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
			}
		})
	}
	for _, isolate := range []string{"step", "run"} {
		t.Run("a resource that lives per process is stopped with --isolate "+isolate, func(t *testing.T) {
			newHome(t)
			events, text, code := executed(t, "isolated", "run", "--select", "worked", "--isolate", isolate, "--json")
			var lines []string
			for _, event := range events {
				switch data := event.Data.(type) {
				case history.LogWritten:
					lines = append(lines, data.Message)
				case history.RunFinished:
					if len(data.Left) > 0 {
						t.Errorf("resources left: %v", data.Left)
					}
				}
			}
			if code != 0 || fmt.Sprint(lines) != "[the application has started the pool has started the pool was stopped]" {
				t.Errorf("exit code %d, lines %q\n%s", code, lines, text)
			}
		})
	}
	t.Run("the level of the log lines gets there", func(t *testing.T) {
		newHome(t)
		events, text, code := executed(t, "isolated", "run", "--select", "number", "--isolate", "step", "--json", "--log-level", "debug")
		found := false
		for _, event := range events {
			line, ok := event.Data.(history.LogWritten)
			found = found || ok && line.Message == "closely"
		}
		if code != 0 || !found {
			t.Errorf("exit code %d, the line is there: %t\n%s", code, found, text)
		}
	})
	t.Run("a program with its own tree of commands can execute them", func(t *testing.T) {
		newHome(t)
		if events, text, code := executed(t, "mounted", "data", "run", "--select", "+doubled", "--isolate", "step", "--json"); code != 0 || len(pids(events)) != 2 {
			t.Errorf("exit code %d, %v\n%s", code, pids(events), text)
		}
	})
	t.Run("a retry can have them too", func(t *testing.T) {
		newHome(t)
		if _, text, code := executed(t, "isolated", "run", "--select", "exits or number", "--isolate", "step"); code != 1 {
			t.Fatalf("exit code %d\n%s", code, text)
		}
		events, text, code := executed(t, "isolated", "runs", "retry", firstRun(t, isolated())[:8], "--isolate", "step", "--timeout", "1m")
		if code != 1 {
			t.Errorf("exit code %d, %v\n%s", code, events, text)
		}
		if events, text, code = executed(t, "isolated", "run", "--again", "--isolate", "run", "--json"); code != 1 || len(events) == 0 {
			t.Errorf("exit code %d\n%s", code, text)
		}
	})
}

func TestFlagsOfTheExecutor(t *testing.T) {
	newHome(t)
	for args, want := range map[string]string{
		"--isolate host":            `--isolate "host": it takes step or run`,
		"--grace 5s":                "--grace works only with --isolate",
		"--isolate step --grace 0s": "--grace 0s: it must be positive",
		"--timeout -1s":             "--timeout -1s: it cannot be negative",
		"--drain -1s":               "--drain -1s: it cannot be negative",
	} {
		t.Run(args+" is refused", func(t *testing.T) {
			got := execute(t, isolated(), append([]string{"run"}, strings.Fields(args)...)...)
			if got.code != 64 || !strings.Contains(got.err, want) {
				t.Errorf("exit code %d\n%s", got.code, got.err)
			}
		})
	}
}

func TestTheTimeoutOfARun(t *testing.T) {
	newHome(t)
	got := execute(t, slow(io.Discard), "run", "--timeout", "50ms")
	if got.code != 1 || !strings.Contains(got.out, "the run timed out after 50ms") {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
}

func TestACancelledRunCanDrain(t *testing.T) {
	newHome(t)
	p := start(t, "slow", "run", "-v")
	p.until(t, "step runs")
	out := succeed(t, slow(io.Discard), "runs", "cancel", firstRun(t, slow(io.Discard)), "--drain", "100ms", "--reason", "the node goes")
	if !strings.Contains(out, "was cancelled") {
		t.Errorf("got %s", out)
	}
	rest, code := p.rest(t)
	if code != 130 || !strings.Contains(rest, "the node goes (by ") || !strings.Contains(rest, "no more steps could start, and those that were running had 100ms") {
		t.Errorf("exit code %d\n%s", code, rest)
	}
}

func TestProcessesOfRunsShareThePlacesInPools(t *testing.T) {
	for _, unit := range []string{"step", "run"} {
		t.Run("with --isolate "+unit, func(t *testing.T) {
			home := newHome(t)
			lockers := filelocks.New(filepath.Join(home, "locks"))
			place, err := lockers.TryLock(t.Context(), `pool/"warehouse"/0`)
			if err != nil {
				t.Fatal(err)
			}
			p := start(t, "isolated", "run", "--select", "pooled", "--isolate", unit, "--json")
			waits := false
			for !waits && p.lines.Scan() {
				var event history.Event
				_ = json.Unmarshal(p.lines.Bytes(), &event) // the application writes lines too
				line, _ := event.Data.(history.LogWritten)
				waits = line.Message == "waiting" && line.Attrs.Get(runs.AttrWaitsFor) == "a place among the steps in the pool warehouse (limit 1)"
			}
			if !waits {
				t.Error("the step has begun without a place")
			}
			if err := place.Unlock(); err != nil {
				t.Fatal(err)
			}
			if out, code := p.rest(t); code != 0 {
				t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
			}
		})
	}
}

func TestTheDaemonGivesStepsProcessesOfTheirOwn(t *testing.T) {
	newHome(t)
	p := startMerged(t, "isolated", "daemon", "--isolate", "step")
	p.until(t, "a tick has asked for runs")
	var line history.LogWritten
	for began := time.Now(); line.Message == "" && time.Since(began) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		for text := range strings.Lines(execute(t, isolated(), "logs", "--json").out) {
			var event history.Event
			if json.Unmarshal([]byte(text), &event) == nil {
				if written, ok := event.Data.(history.LogWritten); ok && written.Message == "here" {
					line = written
				}
			}
		}
	}
	p.signal(t, os.Interrupt)
	if out, code := p.rest(t); code != 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	pid := line.Attrs.Get("pid")
	if own := fmt.Sprint(p.Process.Pid); pid == nil || fmt.Sprint(pid) == own {
		t.Errorf("the step was executed by the process %v, and the daemon was %s", pid, own)
	}
	for _, args := range [][]string{{"--isolate", "asset"}, {"--max-runs", "0"}, {"--grace", "1s"}} {
		if got := execute(t, isolated(), append([]string{"daemon"}, args...)...); got.code != 64 {
			t.Errorf("%v: exit code %d\n%s", args, got.code, got.err)
		}
	}
}

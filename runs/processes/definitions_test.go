//go:build unix

package processes_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// marker is a resource that leaves files in a folder: when it has started, and when it
// is stopped.
type marker struct{ folder string }

func (m *marker) mark(name string) error {
	return os.WriteFile(filepath.Join(m.folder, name), []byte(fmt.Sprint(os.Getpid())), 0o600)
}

type secretConfig struct {
	Password container.Secret[string]
	URL      string
}

type secret struct{ config secretConfig }

type (
	seed    struct{ N int }
	grown   struct{ N int }
	number  struct{ N int }
	doubled struct{ N int }
)

// memory stays reachable.
var memory []byte

// newLauncher is a launcher of the definitions of these tests, with its values in a
// folder. The test and the processes that it starts have the same.
func newLauncher(config runs.LauncherConfig, folder string) (*runs.Launcher, error) {
	c, err := container.New(
		iomanagers.Files(assets.DefaultIO, iomanagers.FilesConfig{Root: filepath.Join(folder, "values")}),
		container.Provide("marker", func(lc fx.Lifecycle) *marker {
			m := &marker{folder}
			lc.Append(fx.StartStopHook(func() error { return m.mark("started") }, func() error {
				fmt.Println("stopping the marker") // also if nobody reads it any more
				return m.mark("stopped")
			}))
			return m
		}),
		container.Provide("secret", func(config secretConfig) *secret { return &secret{config} }, container.Config(secretConfig{})),
	)
	if err != nil {
		return nil, err
	}
	backoff := func(int) time.Duration { return time.Millisecond }
	graph, err := assets.NewGraph(c,
		assets.New("number", func() number { return number{21} }),
		assets.New("doubled", func(n number) doubled { return doubled{2 * n.N} }),
		assets.New("gate", func(m *marker) error {
			if err := m.mark("running"); err != nil {
				return err
			}
			for {
				if _, err := os.Stat(filepath.Join(m.folder, "open")); err == nil {
					return nil
				}
				time.Sleep(time.Millisecond)
			}
		}, assets.After("number")),
		assets.New("late", func(n number) error { return nil }, assets.After("gate")),
		assets.New("foreign", func(step *assets.Context) error {
			event, err := json.Marshal(history.Event{RunID: step.Run().ID, Time: time.Now(), Data: history.StepStarted{Step: "no such step", Attempt: 1}})
			if err != nil {
				return err
			}
			return writeToPipes(fmt.Appendf(nil, "{\"event\":%s}\n", event))
		}),
		assets.New("exits", func(*marker) error { fmt.Println("about to exit"); os.Exit(3); return nil }),
		assets.New("exits/well", func() error { os.Exit(0); return nil }, assets.Timeout(time.Hour)),
		assets.New("crashes", func() error {
			go func() { panic("far away") }()
			select {}
		}),
		assets.New("killed", func(m *marker) error {
			fmt.Fprintln(os.Stderr, "the last words")
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}),
		assets.New("killed/once", func(step *assets.Context, m *marker) error {
			if err := m.mark(fmt.Sprintf("attempt%d", step.Attempt())); err != nil {
				return err
			}
			switch step.Attempt() {
			case 1:
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			case 2:
				return errors.New("the second attempt fails")
			}
			return nil
		}, assets.Retry(2, backoff)),
		assets.New("killed/backoff", func(m *marker) error {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}, assets.Retry(2, func(int) time.Duration { panic("ouch") })),
		assets.New("garbage", func() error { return writeToPipes([]byte("no frame\n")) }),
		assets.New("torn", func() error {
			if err := writeToPipes([]byte(`{"event":{"run_id"`)); err != nil {
				return err
			}
			os.Exit(0)
			return nil
		}),
		assets.New("huge", func() error { return writeToPipes([]byte(strings.Repeat("x", 9<<20))) }),
		assets.New("stubborn", func(ctx context.Context, m *marker) error {
			if err := m.mark("running"); err != nil {
				return err
			}
			select {}
		}),
		assets.New("stubborn/limited", func() error { select {} }, assets.Timeout(10*time.Millisecond)),
		assets.New("patient", func(ctx context.Context, m *marker) error {
			if err := m.mark("running"); err != nil {
				return err
			}
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond) // until the other process has gone, if it goes
			return context.Cause(ctx)
		}),
		assets.New("chatty", func(ctx context.Context, step *assets.Context, m *marker) error {
			if err := m.mark("running"); err != nil {
				return err
			}
			for ctx.Err() == nil {
				step.Logger().Info("still there")
				time.Sleep(time.Millisecond)
			}
			return context.Cause(ctx)
		}),
		assets.New("talks", func() error {
			for i := range 3000 {
				fmt.Println("line", i)
			}
			fmt.Fprint(os.Stderr, strings.Repeat("y", 20<<10), "\xff\n")
			return nil
		}),
		assets.New("reveals", func(s *secret, m *marker) error {
			fmt.Println("the password is", s.config.Password.Reveal())
			arguments, err := os.ReadFile("/proc/self/cmdline")
			if err != nil {
				return err
			}
			environment, err := os.ReadFile("/proc/self/environ")
			if err != nil {
				return err
			}
			if all := string(arguments) + string(environment); strings.Contains(all, s.config.Password.Reveal()) {
				return errors.New("the secret is in the arguments or in the environment")
			}
			return os.WriteFile(filepath.Join(m.folder, "secret"), []byte(s.config.Password.Reveal()+" "+s.config.URL), 0o600)
		}),
		assets.New("large", func(step *assets.Context) error {
			memory = make([]byte, 100<<20)
			for i := 0; i < len(memory); i += 512 {
				memory[i] = 1
			}
			return nil
		}),
		assets.New("small", func() error { return nil }),
		assets.NewJob("growing",
			assets.NewOp("sow", func(m *marker) (seed, error) { return seed{1}, m.mark("sown") }),
			assets.NewOp("grow", func(s seed, m *marker) (grown, error) {
				if _, err := os.Stat(filepath.Join(m.folder, "open")); err != nil {
					return grown{}, errors.New("it is winter")
				}
				return grown{s.N + 1}, nil
			}),
		),
		assets.New("spawns", func(m *marker) error { return spawn(m) }),
		assets.New("long/line", func(step *assets.Context) error {
			step.Logger().Info(strings.Repeat("z", 10<<20))
			return nil
		}),
		assets.New("long/metadata", func(step *assets.Context) error {
			for i := range 10 {
				step.AddMetadata(fmt.Sprint("text", i), strings.Repeat("z", 1<<20))
			}
			return nil
		}),
	)
	if err != nil {
		return nil, err
	}
	config.Container, config.Graph = c, graph
	return runs.NewLauncher(config)
}

// spawn starts a process that would go on for long, and does not wait for it.
func spawn(m *marker) error {
	child, err := os.StartProcess("/bin/sleep", []string{"sleep", "600"}, &os.ProcAttr{})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(m.folder, "spawned"), []byte(fmt.Sprint(child.Pid)), 0o600)
}

// writeToPipes writes to the pipe on which a process reports, as code does that writes
// to a file that it has closed, if the file has the number of the pipe.
func writeToPipes(text []byte) error {
	for len(text) > 0 { // a signal may end a write early
		n, err := syscall.Write(4, text)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return err
		}
		text = text[max(n, 0):]
	}
	return nil
}

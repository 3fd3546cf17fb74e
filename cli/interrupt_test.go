package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/cli"
)

func TestTheEndOfTheContextCancelsTheRun(t *testing.T) {
	newHome(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	steps := writerFunc(func(text []byte) (int, error) {
		if bytes.Contains(text, []byte("step runs")) {
			cancel()
		}
		return len(text), nil
	})
	var out, err bytes.Buffer
	code := cli.Run(ctx, []string{"run"}, cli.Streams{Out: &out, Err: &err}, slow(steps)...)
	if want := "cancelling: waiting for running steps; press Ctrl-C again to quit at once\n"; code != 130 || err.String() != want {
		t.Errorf("exit code %d, standard error %q, want 130 and %q", code, err.String(), want)
	}
	golden(t, "run-cancelled", out.String())
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(text []byte) (int, error) { return f(text) }

func TestAnEndedContextLaunchesNothing(t *testing.T) {
	newHome(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// Whether the application's start or the end of the context is first seen
	// is open; no step may outlive it either way.
	code := cli.Run(ctx, []string{"run"}, cli.Streams{}, slow(io.Discard)...)
	if code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
}

// process is this binary as another program.
type process struct {
	*exec.Cmd
	out   io.Closer
	lines *bufio.Scanner
	err   bytes.Buffer
}

func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	return startWith(t, program, false, args)
}

// startMerged is start with standard error among the lines of standard output.
func startMerged(t *testing.T, program string, args ...string) *process {
	t.Helper()
	return startWith(t, program, true, args)
}

func startWith(t *testing.T, program string, merged bool, args []string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.CommandContext(t.Context(), self, args...)}
	p.Env = append(os.Environ(), programVariable+"="+program)
	p.begin(t, merged)
	return p
}

// begin starts the process.
func (p *process) begin(t *testing.T, merged bool) {
	t.Helper()
	p.Stderr = &p.err
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if merged {
		p.Stderr = p.Stdout
	}
	p.out, p.lines = out, bufio.NewScanner(out)
	p.WaitDelay = time.Minute // what it has started may keep its standard error
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
}

// limit ends a process that waits without end. Its standard error then says what all its
// goroutines do.
func (p *process) limit(t *testing.T) (done func()) {
	t.Helper()
	const patience = 5 * time.Minute
	quit := time.AfterFunc(patience, func() {
		t.Errorf("the process has not gone on after %s", patience)
		_ = p.Process.Signal(syscall.SIGQUIT)
	})
	leave := time.AfterFunc(patience+10*time.Second, func() { _ = p.out.Close() }) // others may write to it
	return func() { quit.Stop(); leave.Stop() }
}

// until reads standard output up to a line that holds text.
func (p *process) until(t *testing.T, text string) {
	t.Helper()
	defer p.limit(t)()
	for p.lines.Scan() {
		if strings.Contains(p.lines.Text(), text) {
			return
		}
	}
	t.Fatalf("standard output ended before %q; standard error:\n%s", text, p.err.String())
}

// rest reads standard output to its end and waits for the process.
func (p *process) rest(t *testing.T) (out string, code int) {
	t.Helper()
	defer p.limit(t)()
	var text strings.Builder
	for p.lines.Scan() {
		text.WriteString(p.lines.Text() + "\n")
	}
	_ = p.Wait()
	return text.String(), p.ProcessState.ExitCode()
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func TestSignals(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String()+" cancels the run and tears it down", func(t *testing.T) {
			newHome(t)
			p := start(t, "slow", "run", "--drain", "100ms")
			p.until(t, "step runs")
			p.signal(t, s)
			out, code := p.rest(t)
			want := "cancelling: waiting for running steps"
			if s == syscall.SIGTERM {
				want = "draining: no more steps start, and running steps have 100ms"
			}
			if code != 130 || !strings.Contains(p.err.String(), want) {
				t.Errorf("exit code %d, standard error:\n%s", code, p.err.String())
			}
			if !strings.Contains(out, "gate stopped") || !strings.Contains(out, "was cancelled") {
				t.Errorf("not torn down:\n%s", out)
			}
			if listed := succeed(t, slow(io.Discard), "runs"); !strings.Contains(listed, "cancelled") {
				t.Errorf("not recorded as cancelled:\n%s", listed)
			}
		})
	}
	t.Run("a second one quits at once", func(t *testing.T) {
		newHome(t)
		t.Setenv("STUBBORN", "1")
		p := start(t, "slow", "run")
		p.until(t, "step runs")
		p.signal(t, os.Interrupt)
		p.until(t, "step goes on")
		p.signal(t, os.Interrupt)
		if out, code := p.rest(t); code != 130 || strings.Contains(out, "gate stopped") {
			t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
		}
	})
}

func TestACommandTellsOnceThatItStops(t *testing.T) {
	left := errors.New("left")
	t.Run("also if its work ends in the same moment", func(t *testing.T) {
		for range 100 { // which of the two a select takes is open
			notes := 0
			err := cli.AskedAsItEnds(left, func() { notes++ })
			if notes != 1 || !errors.Is(err, left) {
				t.Fatalf("told %d times, error %v, want once and %v", notes, err, left)
			}
		}
	})
	t.Run("while its work goes on", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		told := make(chan struct{})
		err := cli.During(ctx, func(context.Context) error {
			cancel()
			<-told
			return left
		}, func() { close(told) })
		if !errors.Is(err, left) {
			t.Errorf("error %v, want %v", err, left)
		}
	})
	t.Run("but not if nobody asks, or if somebody asked before", func(t *testing.T) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for _, caller := range []context.Context{t.Context(), ended} {
			err := cli.During(caller, func(context.Context) error { return left }, func() { t.Error("told") })
			if !errors.Is(err, left) {
				t.Errorf("error %v, want %v", err, left)
			}
		}
	})
}

func TestAReaderThatGoesAwayDoesNotEndTheRun(t *testing.T) {
	newHome(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Close(); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self, "run", "--job", "nightly")
	command.Env = append(os.Environ(), programVariable+"=shop")
	command.Stdout = write
	if err := command.Run(); err != nil {
		t.Errorf("the process ended by %v", err)
	}
	_ = write.Close()
	if listed := succeed(t, new(shop).definitions(), "runs"); !strings.Contains(listed, "succeeded") {
		t.Errorf("the run did not end:\n%s", listed)
	}
}

func TestExitCodesOfTheProcess(t *testing.T) {
	newHome(t)
	for args, want := range map[string]int{"jobs": 0, "jobs --jsno": 64, "asset revenue --value": 1} {
		if out, code := start(t, "shop", strings.Fields(args)...).rest(t); code != want {
			t.Errorf("shop %s: exit code %d, want %d\n%s", args, code, want, out)
		}
	}
}

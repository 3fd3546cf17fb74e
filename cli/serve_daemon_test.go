package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/history"
)

// served is a command that serves pages in this process.
type served struct {
	t       *testing.T
	address string
	out     *bufio.Reader
	err     bytes.Buffer // to be read after stop only
	end     context.CancelFunc
	code    chan int
}

// serveHere starts serve, or the command in args, and waits until it tells its address.
func serveHere(t *testing.T, definitions []fx.Option, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	lines, out := io.Pipe()
	s := &served{t: t, out: bufio.NewReader(lines), end: cancel, code: make(chan int, 1)}
	go func() {
		defer out.Close()
		s.code <- cli.Run(ctx, append(args, "--addr", "127.0.0.1:0"), cli.Streams{Out: out, Err: &s.err}, definitions...)
	}()
	line, err := s.out.ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "the pages are at ")
	if err != nil || !ok {
		cancel()
		t.Fatalf("the output is %q, %v; exit code %d\n%s", line, err, <-s.code, s.err.String())
	}
	s.address = address
	return s
}

// stop ends the command and returns what it has written to standard error.
func (s *served) stop() string {
	s.t.Helper()
	s.end()
	if code := <-s.code; code != 0 {
		s.t.Errorf("exit code %d\n%s", code, s.err.String())
	}
	return s.err.String()
}

// page returns the text of a page.
func (s *served) page(path string) string {
	s.t.Helper()
	status, text := ask(s.t, http.MethodGet, s.address+path)
	if status != http.StatusOK {
		s.t.Errorf("%s answers %d", path, status)
	}
	return text
}

// waitFor waits until a page has a text.
func (s *served) waitFor(path, text string) {
	s.t.Helper()
	for began := time.Now(); !strings.Contains(s.page(path), text); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			s.t.Fatalf("%s does not say %q within half a minute", path, text)
		}
	}
}

func TestServeAndDevTick(t *testing.T) {
	for _, command := range []string{"serve", "dev --no-open"} {
		t.Run(command, func(t *testing.T) {
			newHome(t)
			s := serveHere(t, ticking(), strings.Fields(command)...)
			s.waitFor("automation", "this process")
			s.waitFor("instance", "this process")
			s.waitFor("runs", "succeeded") // that the sensor has asked for
			s.waitFor("metrics", `fxrun_ticks_total{kind="sensor",status="requested"}`)
			s.waitFor("metrics", `fxrun_runs_total{job="load",status="succeeded"}`)
			s.stop()
		})
	}
}

func TestASensorForValuesTicksForARunOfThePages(t *testing.T) {
	newHome(t)
	s := serveHere(t, []fx.Option{
		assets.New("first", func() int { return 1 }),
		assets.New("second", func() string { return "2" }),
		automation.OnMaterialized("follow", []string{"first"}, func() automation.RunRequest { return automation.RunRequest{Selection: "second"} }),
	}, "serve")
	s.waitFor("automation", "this process")
	if status, text := ask(t, http.MethodPost, s.address+"launch?select=first"); status != http.StatusOK {
		t.Fatalf("the launch is answered by %d: %s", status, text)
	}
	s.waitFor("runs", "second")
	s.stop()
}

func TestServeLeavesTicksToOthers(t *testing.T) {
	for _, flag := range []string{"--no-daemon", "--read-only"} {
		t.Run("with "+flag, func(t *testing.T) {
			newHome(t)
			s := serveHere(t, ticking(), "serve", flag)
			if text := s.page("automation"); !strings.Contains(text, "nobody") {
				t.Errorf("the page does not say that nobody ticks: %s", text)
			}
			other := serveHere(t, ticking(), "dev", "--no-open")
			other.waitFor("automation", "this process")
			if text := s.page("automation"); !strings.Contains(text, "process ") || strings.Contains(text, "this process") || strings.Contains(text, "nobody") {
				t.Errorf("the page does not name the process that ticks: %s", text)
			}
			other.stop()
			s.waitFor("instance", "nobody")
			s.stop()
		})
	}
	t.Run("while another one ticks, and then takes over", func(t *testing.T) {
		newHome(t)
		first := serveHere(t, ticking(), "dev", "--no-open")
		first.waitFor("automation", "this process")
		second := serveHere(t, ticking(), "dev", "--no-open")
		if text := second.page("automation"); strings.Contains(text, "this process") {
			t.Errorf("two processes tick: %s", text)
		}
		first.stop()
		second.waitFor("automation", "this process")
		second.stop()
	})
}

// plainStore is a store of an application that keeps no journals.
type plainStore struct{ history.Store }

func TestServeSaysThatItCannotTick(t *testing.T) {
	newHome(t)
	s := serveHere(t, append(ticking(), fx.Provide(func() history.Store { return plainStore{history.NewMemoryStore()} })), "serve")
	s.page("instance")
	if told := s.stop(); !strings.Contains(told, "this process does not tick schedules and sensors") || !strings.Contains(told, "does not implement both history.Journals and history.Feed") {
		t.Errorf("standard error is\n%s", told)
	}
}

func TestServeUsesTheDaemonConfigOfTheProgram(t *testing.T) {
	newHome(t)
	s := serveHere(t, append(ticking(), fx.Supply(automation.DaemonConfig{MaxRuns: -1})), "serve")
	s.waitFor("automation", "this process")
	s.waitFor("instance", "a process that takes queued runs")
	s.stop()
}

func TestTheEndOfServeIsNoticedBeforeItComes(t *testing.T) {
	newHome(t)
	p := start(t, "slow", "serve", "--addr", "127.0.0.1:0", "--notice", "1h")
	s := &served{t: t, address: pagesOf(t, p)}
	s.waitFor("automation", "this process")
	s.waitFor("readyz", "ready")
	p.signal(t, syscall.SIGTERM)
	for status := 0; status != http.StatusServiceUnavailable; {
		status, _ = ask(t, http.MethodGet, s.address+"readyz")
	}
	s.waitFor("automation", "nobody") // no more ticks begin, and the pages still answer
	p.signal(t, syscall.SIGTERM)
	_, code := p.rest(t)
	told := p.err.String()
	if code != 130 || !strings.Contains(told, "msg=request method=GET path=/automation status=200") || strings.Contains(told, "path=/readyz") {
		t.Errorf("exit code %d\n%s", code, told)
	}
}

package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
)

// badJSON panics when it is shown.
type badJSON struct{ N int }

func (badJSON) MarshalJSON() ([]byte, error) { panic("no JSON") }

func TestAPanicHasTheExitCodeOfACrash(t *testing.T) {
	type client struct{}
	one := assets.New("one", func() int { return 1 })
	for name, test := range map[string]struct {
		definitions []fx.Option
		args        []string
		place       string
	}{
		"in a constructor": {
			[]fx.Option{one, fx.Provide(func() *client { panic("boom") }), fx.Invoke(func(*client) {})}, []string{"run"}, "exit_test.go",
		},
		"in a constructor, of a command that reads": {
			[]fx.Option{one, fx.Invoke(func() { panic("boom") })}, []string{"assets"}, "exit_test.go",
		},
		"in a constructor, of a command without history": {
			[]fx.Option{one, fx.Invoke(func() { panic("boom") })}, []string{"resources", "--json"}, "exit_test.go",
		},
		"that Fx recovers": {
			[]fx.Option{one, fx.RecoverFromPanics(), fx.Invoke(func() { panic("boom") })}, []string{"run"}, "",
		},
		"in a start hook": {
			[]fx.Option{one, fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StartHook(func() { panic("boom") })) })}, []string{"run"}, "",
		},
		"in a stop hook": {
			[]fx.Option{one, fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StopHook(func() { panic("boom") })) })}, []string{"run"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			newHome(t)
			got := execute(t, test.definitions, test.args...)
			if got.code != 2 || !strings.Contains(got.err, "panic: boom") || !strings.Contains(got.err, test.place) {
				t.Errorf("exit code %d, standard error %s", got.code, got.err)
			}
			if test.args[len(test.args)-1] != "--json" {
				return
			}
			var told struct {
				Code int `json:"exit_code"`
			}
			if decode(t, got.out, &told); told.Code != 2 {
				t.Errorf("standard output %s", got.out)
			}
		})
	}
	t.Run("in a value that is shown", func(t *testing.T) {
		newHome(t)
		stored := []fx.Option{assets.New("one", func() badJSON { return badJSON{1} }, assets.Format("gob"))}
		succeed(t, stored, "run")
		if got := execute(t, stored, "asset", "one", "--value"); got.code != 2 || !strings.Contains(got.err, "panic: no JSON") {
			t.Errorf("exit code %d, standard error %s", got.code, got.err)
		}
	})
	t.Run("what started before is stopped", func(t *testing.T) {
		newHome(t)
		stopped := false
		got := execute(t, []fx.Option{one, fx.Invoke(func(lc fx.Lifecycle) {
			lc.Append(fx.StopHook(func() { stopped = true }))
			lc.Append(fx.StartHook(func() { panic("boom") }))
		})}, "run")
		if got.code != 2 || !stopped {
			t.Errorf("exit code %d, stopped %t", got.code, stopped)
		}
	})
}

// full refuses everything after the first bytes.
type full struct {
	left int
	err  error
}

func (f *full) Write(text []byte) (int, error) {
	n := min(f.left, len(text))
	f.left -= n
	if n < len(text) {
		return n, f.err
	}
	return n, nil
}

func TestAnOutputThatIsNotWholeIsNoSuccess(t *testing.T) {
	newHome(t)
	definitions := func() []fx.Option { return new(shop).definitions() }
	succeed(t, definitions(), "run", "--job", "nightly")
	for _, args := range [][]string{
		{"run", "-j", "fetch", "--json"},
		{"run", "-j", "fetch"},
		{"run", "-j", "fetch", "--dry-run"},
		{"run", "-j", "fetch", "--dry-run", "--json"},
		{"assets"},
		{"assets", "--json"},
		{"asset", "revenue"},
		{"asset", "revenue", "--json"},
		{"asset", "revenue", "--value"},
		{"asset", "greeting", "--raw"},
		{"jobs"},
		{"jobs", "--json"},
		{"resources"},
		{"resources", "--json"},
		{"resource", "client"},
		{"resource", "client", "--json"},
		{"graph"},
		{"graph", "-f", "tree"},
		{"graph", "--json"},
		{"runs"},
		{"runs", "--json"},
		{"runs", "show"},
		{"runs", "show", "--json"},
		{"logs"},
		{"logs", "--json"},
		{"logs", "--follow", "--json"},
		{"config", "template"},
		{"config", "schema"},
		{"config", "check", "-j", "nightly"},
		{"config", "check", "-j", "nightly", "--json"},
		{},
		{"--help"},
		{"run", "--help"},
		{"help", "run"},
		{"completion"},
		{"completion", "bash"},
	} {
		for name, out := range map[string]io.Writer{
			"a full disk":          &full{0, syscall.ENOSPC},
			"a disk that fills up": &full{1, syscall.ENOSPC},
			"a closed file":        &full{0, os.ErrClosed},
		} {
			var told bytes.Buffer
			code := cli.Run(t.Context(), args, cli.Streams{Out: out, Err: &told}, definitions()...)
			if code != 1 || strings.Count(told.String(), "error: writing ") != 1 {
				t.Errorf("%q to %s: exit code %d, standard error %q", args, name, code, told.String())
			}
		}
	}
	t.Run("a reader that goes away may leave text, but no document", func(t *testing.T) {
		for _, test := range []struct {
			args []string
			want int
		}{{[]string{"run", "-j", "fetch"}, 0}, {[]string{"run", "-j", "fetch", "--json"}, 1}, {[]string{"runs", "--json"}, 1}} {
			code := cli.Run(t.Context(), test.args, cli.Streams{Out: &full{10, syscall.EPIPE}}, definitions()...)
			if code != test.want {
				t.Errorf("%q: exit code %d, want %d", test.args, code, test.want)
			}
		}
	})
	t.Run("a failed run stays failed", func(t *testing.T) {
		var told bytes.Buffer
		failing := &shop{fail: true}
		code := cli.Run(t.Context(), []string{"run", "-j", "nightly", "--json"}, cli.Streams{Out: &full{0, syscall.ENOSPC}, Err: &told}, failing.definitions()...)
		if code != 1 || !strings.Contains(told.String(), "no space left") || !strings.Contains(told.String(), " failed\n") {
			t.Errorf("exit code %d, standard error %q", code, told.String())
		}
	})
	t.Run("a full device", func(t *testing.T) {
		device, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if errors.Is(err, os.ErrNotExist) {
			t.Skip("there is no /dev/full")
		}
		if err != nil {
			t.Fatal(err)
		}
		defer device.Close()
		if code := cli.Run(t.Context(), []string{"run", "-j", "fetch", "--json"}, cli.Streams{Out: device}, definitions()...); code != 1 {
			t.Errorf("exit code %d, want 1", code)
		}
	})
	var record struct{ Type string }
	if err := json.Unmarshal([]byte(lastLine(succeed(t, definitions(), "run", "-j", "fetch", "--json"))), &record); err != nil || record.Type != "record" {
		t.Errorf("the last line is %q, %v", record.Type, err)
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

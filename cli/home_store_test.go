package cli_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/iomanagers"
)

// kept is a program whose asset is stored as a file; before is called in its step.
func kept(before func() error) []fx.Option {
	return []fx.Option{
		iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: "values"}),
		assets.New("one", func() (int, error) { return 1, before() }),
	}
}

func nothing() error { return nil }

func namesIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// A variable that a file of an environment or a service sets is not read by a shell.
func TestAHomeWithATildeIsRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, home := range []string{"~", "~/runs", "~ada/runs"} {
		t.Setenv("FXRUN_HOME", home)
		for _, args := range [][]string{{"runs"}, {"run", "--select", "one"}} {
			result := execute(t, kept(nothing), args...)
			if result.code != 64 || !strings.Contains(result.err, "in "+home+", which FXRUN_HOME names: only a shell replaces the tilde") {
				t.Errorf("%q in %s: %+v", args, home, result)
			}
		}
	}
	if names := namesIn(t, "."); names != nil {
		t.Errorf("got %q", names)
	}
}

func TestReadingLeavesNoFiles(t *testing.T) {
	home := newHome(t)
	definitions := kept(nothing)
	reads := [][]string{
		{"assets"},
		{"assets", "--json"},
		{"asset", "one"},
		{"runs"},
		{"runs", "--json"},
		{"resources"},
		{"graph"},
		{"run", "--dry-run"},
		{"config", "check"},
	}
	for _, args := range append(reads, []string{"run", "--select", "nothing"}, []string{"runs", "show"}, []string{"logs"}) {
		_ = execute(t, definitions, args...)
		if names := namesIn(t, home); names != nil {
			t.Fatalf("before the first run, %q makes %q", args, names)
		}
	}
	succeed(t, definitions, "run")
	if diff := cmp.Diff([]string{sqlite.FileName, "locks"}, namesIn(t, home)); diff != "" {
		t.Errorf("after a run (-want +got):\n%s", diff)
	}
	before, err := os.Stat(filepath.Join(home, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range append(reads, []string{"runs", "show"}, []string{"logs"}, []string{"logs", "--follow"}, []string{"asset", "one", "--value"}) {
		succeed(t, definitions, args...)
	}
	if got := execute(t, definitions, "run", "--select", "nothing"); got.code != 64 {
		t.Errorf("a run of nothing ends with exit code %d", got.code)
	}
	if diff := cmp.Diff([]string{sqlite.FileName, "locks"}, namesIn(t, home)); diff != "" {
		t.Errorf("after reading (-want +got):\n%s", diff)
	}
	if after, err := os.Stat(filepath.Join(home, sqlite.FileName)); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("reading has changed the history: %v", err)
	}
}

func TestADamagedHistoryDoesNotHideTheAssets(t *testing.T) {
	home := newHome(t)
	definitions := kept(nothing)
	succeed(t, definitions, "run")
	file := filepath.Join(home, sqlite.FileName)
	if err := os.WriteFile(file, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	const what, advice = "the run history is damaged: ", "put a copy of it back, or move it away"
	for _, c := range []struct {
		args []string
		want string // in standard output
	}{
		{[]string{"assets"}, "unknown"}, {[]string{"asset", "one"}, "is unknown"}, {[]string{"assets", "--json"}, `"key": "one"`},
	} {
		got := execute(t, definitions, c.args...)
		if got.code != 0 || !strings.Contains(got.out, c.want) || !strings.Contains(got.err, "warning: ") ||
			!strings.Contains(got.err, what) || !strings.Contains(got.err, advice) {
			t.Errorf("%q: exit code %d, standard output %s\nstandard error %s", c.args, got.code, got.out, got.err)
		}
	}
	if got := succeed(t, definitions, "asset", "one", "--value"); got != "1\n" {
		t.Errorf("the value is %q", got)
	}
	for _, args := range [][]string{{"runs"}, {"runs", "show"}, {"logs"}, {"run"}} {
		got := execute(t, definitions, args...)
		if got.code == 0 || !strings.Contains(got.err, what) || !strings.Contains(got.err, advice) {
			t.Errorf("%q: exit code %d, standard error %s", args, got.code, got.err)
		}
	}
}

func TestARunWhoseHistoryIsTakenAwayFails(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files in use can't be removed there")
	}
	for name, take := range map[string]func(home string) error{
		"the home is removed":   os.RemoveAll,
		"the file is truncated": func(home string) error { return os.Truncate(filepath.Join(home, sqlite.FileName), 0) },
		"the file is removed":   func(home string) error { return os.Remove(filepath.Join(home, sqlite.FileName)) },
	} {
		t.Run(name, func(t *testing.T) {
			home := newHome(t)
			got := execute(t, kept(func() error { return take(home) }), "run")
			if got.code == 0 || !strings.Contains(got.out+got.err, "the run history is damaged") {
				t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
			}
		})
	}
}

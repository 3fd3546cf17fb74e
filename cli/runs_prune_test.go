package cli_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/runs"
)

type exported int

func TestRunsPrune(t *testing.T) {
	home := newHome(t)
	definitions := []fx.Option{
		assets.New("orders", func() int { return 1 }),
		assets.NewJob("export", assets.NewOp("fetch", func() exported { return 7 }), assets.NewOp("send", func(exported) {})),
	}
	succeed(t, definitions, "run", "--job", "export")
	exporting := firstRun(t, definitions)
	for range 3 {
		succeed(t, definitions, "run", "--select", "orders")
	}
	last := firstRun(t, definitions)
	values := home + "/values/%7E" + exporting
	if _, err := os.Stat(values); err != nil {
		t.Fatal(err)
	}
	lines := func() int { return strings.Count(succeed(t, definitions, "runs"), "\n") - 1 }

	t.Run("by default young runs stay", func(t *testing.T) {
		if out := succeed(t, definitions, "runs", "prune"); out != "there are no runs to remove\n" {
			t.Error(out)
		}
	})
	t.Run("a dry run removes nothing", func(t *testing.T) {
		out := succeed(t, definitions, "runs", "prune", "--older-than", "0s", "--dry-run")
		if !strings.Contains(out, "would remove 3 runs and keep the records of 1 run\n") || !strings.Contains(out, "the record") || lines() != 4 {
			t.Errorf("%d runs are left\n%s", lines(), out)
		}
		var document struct{ Runs []map[string]any }
		if err := json.Unmarshal([]byte(succeed(t, definitions, "runs", "prune", "--keep", "1", "--dry-run", "--json")), &document); err != nil || len(document.Runs) != 2 {
			t.Errorf("%v, %v", document, err)
		}
	})
	t.Run("the newest runs of each job are kept", func(t *testing.T) {
		out := succeed(t, definitions, "runs", "prune", "--keep", "2")
		if !strings.HasPrefix(out, "removed 1 run and kept the records of 0 runs; events removed: ") || lines() != 3 {
			t.Errorf("%d runs are left\n%s", lines(), out)
		}
	})
	t.Run("what explains the present values is kept", func(t *testing.T) {
		var document struct{ Removed, Reduced []string }
		if err := json.Unmarshal([]byte(succeed(t, definitions, "runs", "prune", "--older-than", "0.0d", "--json")), &document); err != nil {
			t.Fatal(err)
		}
		if len(document.Removed) != 2 || len(document.Reduced) != 1 || document.Reduced[0] != last || lines() != 1 {
			t.Errorf("%d runs are left, %+v", lines(), document)
		}
		if _, err := os.Stat(values); !os.IsNotExist(err) {
			t.Errorf("the values of ops of a removed run are there: %v", err)
		}
		if out := succeed(t, definitions, "asset", "orders"); !strings.Contains(out, last) {
			t.Errorf("nobody knows who made the value\n%s", out)
		}
		if out := succeed(t, definitions, "runs", "show", last); !strings.Contains(out, "old events were removed") {
			t.Errorf("nothing says that the log is not whole\n%s", out)
		}
	})
	t.Run("limits that make no sense are refused", func(t *testing.T) {
		for args, want := range map[string]string{
			"--keep 0":             "at least 1",
			"--older-than tuesday": "30d, 12h or 90m",
			"--older-than d":       "30d, 12h or 90m",
			"--older-than -1h":     "cannot be negative",
			"--older-than 1e300d":  "30d, 12h or 90m",
			"now":                  "now",
		} {
			got := execute(t, definitions, append([]string{"runs", "prune"}, strings.Fields(args)...)...)
			if got.code != 64 || !strings.Contains(got.err, want) {
				t.Errorf("%s: exit code %d, want 64 and %q\n%s%s", args, got.code, want, got.out, got.err)
			}
		}
	})
	t.Run("a program says how long it keeps runs", func(t *testing.T) {
		own := append(definitions[:len(definitions):len(definitions)], fx.Supply(runs.Retention{Age: -1, Runs: 1}))
		succeed(t, definitions, "run", "--job", "export")
		succeed(t, definitions, "run", "--job", "export")
		if out := succeed(t, own, "runs", "prune"); !strings.HasPrefix(out, "removed 1 run ") {
			t.Error(out)
		}
	})
}

func TestParseAge(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"30d": 720 * time.Hour, "1.5d": 36 * time.Hour, "12h": 12 * time.Hour, "1h30m": 90 * time.Minute, "0": 0} {
		if got, err := cli.ParseAge(text); got != want || err != nil {
			t.Errorf("%s is %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "30", "30 d", "NaNd", "-1d", "d", "1w"} {
		if got, err := cli.ParseAge(text); err == nil {
			t.Errorf("%q is %v, want an error", text, got)
		}
	}
}

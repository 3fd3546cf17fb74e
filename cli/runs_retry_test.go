package cli_test

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
)

type (
	retriedRaw    int
	retriedReport int
)

func TestRunsRetry(t *testing.T) {
	newHome(t)
	made, failed := 0, errors.New("the server is away")
	definitions := []fx.Option{
		assets.New("raw", func() retriedRaw { made++; return 20 }),
		assets.New("report", func(r retriedRaw) (retriedReport, error) { return retriedReport(r) + 1, failed }),
	}
	if got := execute(t, definitions, "run", "--tag", "why=test"); got.code != 1 {
		t.Fatalf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
	first := firstRun(t, definitions)
	failed = nil

	t.Run("it executes what did not succeed", func(t *testing.T) {
		got := execute(t, definitions, "runs", "retry", first[:5], "--tag", "again=yes")
		if got.code != 0 || made != 1 || got.err != "" {
			t.Errorf("exit code %d, raw was made %d times\n%s%s", got.code, made, got.out, got.err)
		}
		golden(t, "runs-retry", got.out)
	})
	second := firstRun(t, definitions)
	t.Run("both runs show each other", func(t *testing.T) {
		if out := succeed(t, definitions, "runs", "show", first); !strings.Contains(out, "repeated by") || !strings.Contains(out, second) {
			t.Error(out)
		}
		out := succeed(t, definitions, "runs", "show", second)
		for _, want := range []string{"fxrun/retry_of=" + first, "again=yes", "why=test"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s is missing in\n%s", want, out)
			}
		}
	})
	t.Run("run --again repeats the last run as a whole", func(t *testing.T) {
		got := execute(t, definitions, "run", "--again")
		if got.code != 0 || made != 2 { // also what the last run has left out
			t.Errorf("exit code %d, raw was made %d times\n%s%s", got.code, made, got.out, got.err)
		}
	})
	t.Run("--all repeats all steps", func(t *testing.T) {
		got := execute(t, definitions, "runs", "retry", first, "--all")
		if got.code != 0 || made != 3 {
			t.Errorf("exit code %d, raw was made %d times\n%s%s", got.code, made, got.out, got.err)
		}
	})
	t.Run("what cannot be repeated is refused", func(t *testing.T) {
		for args, want := range map[string]string{
			"runs retry":                          "the ID of a run",
			"runs retry zzzz":                     `"zzzz"`,
			"runs retry " + second:                "nothing to repeat",
			"runs retry " + first + " -s rap":     `did you mean "raw"?`,
			"runs retry " + first + " --all -s *": "exclude each other",
			"run --again --select raw":            "--again and --select exclude each other",
			"run --tag fxrun/retry_of=x":          "only the launcher sets",
		} {
			got := execute(t, definitions, strings.Fields(args)...)
			if got.code != 64 || !strings.Contains(got.err, want) {
				t.Errorf("%s: exit code %d, want 64 and %q\n%s%s", args, got.code, want, got.out, got.err)
			}
		}
	})
}

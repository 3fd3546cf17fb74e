package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/history"
)

type queuedReport int

func TestRunsAreQueuedAndExecutedByWork(t *testing.T) {
	newHome(t)
	var made int
	var failure error
	definitions := []fx.Option{
		assets.New("report", func() (queuedReport, error) { made++; return 1, failure }),
		assets.NewJob("nightly", assets.Select("*")),
	}
	queued := strings.TrimSpace(succeed(t, definitions, "run", "--queue", "--priority", "2", "--tag", "why=test"))
	if made != 0 {
		t.Fatal("run --queue has executed the run")
	}
	t.Run("runs says what it waits for", func(t *testing.T) {
		out := succeed(t, definitions, "runs")
		if !strings.Contains(out, "queued ") || !strings.Contains(out, "run "+queued+" waits for a process that takes queued runs") || strings.Contains(out, "lost") {
			t.Error(out)
		}
		var shown struct {
			Record struct {
				WaitsFor string            `json:"waits_for"`
				Takeable bool              `json:"takeable"`
				Tags     map[string]string `json:"tags"`
			} `json:"record"`
		}
		if err := json.Unmarshal([]byte(succeed(t, definitions, "runs", "show", "--json")), &shown); err != nil {
			t.Fatal(err)
		}
		if !shown.Record.Takeable || shown.Record.WaitsFor == "" || shown.Record.Tags["fxrun/priority"] != "2" {
			t.Errorf("%+v", shown)
		}
		if out := succeed(t, definitions, "runs", "show"); !strings.Contains(out, "waits for") {
			t.Error(out)
		}
	})
	t.Run("runs cancel cancels it at once", func(t *testing.T) {
		second := strings.TrimSpace(succeed(t, definitions, "run", "--queue"))
		if out := succeed(t, definitions, "runs", "cancel", second); out != "run "+second+" was cancelled\n" {
			t.Error(out)
		}
	})
	t.Run("runs work executes it", func(t *testing.T) {
		out := succeed(t, definitions, "runs", "work", "--until-empty")
		if made != 1 || !strings.HasPrefix(out, "run "+queued+" begins\nrun "+queued+" succeeded after ") {
			t.Errorf("made %d times\n%s", made, out)
		}
	})
	t.Run("runs work fails if one of its runs fails, after the repetitions", func(t *testing.T) {
		failure = errors.New("the server is away")
		id := strings.TrimSpace(succeed(t, definitions, "run", "--queue", "--retries", "2"))
		got := execute(t, definitions, "runs", "work", "--until-empty")
		if got.code != 1 || made != 4 || strings.Count(got.out, "is repeated as") != 2 || got.err != "" {
			t.Errorf("exit code %d, made %d times\n%s%s", got.code, made, got.out, got.err)
		}
		if out := succeed(t, definitions, "runs", "show", id); !strings.Contains(out, "repeated by") {
			t.Error(out)
		}
	})
	t.Run("runs work --json writes objects", func(t *testing.T) {
		failure = nil
		id := strings.TrimSpace(succeed(t, definitions, "run", "--queue"))
		type line struct {
			Run, Status string
			Duration    int64 `json:"duration_ns"`
		}
		var lines []line
		for text := range strings.Lines(succeed(t, definitions, "runs", "work", "--until-empty", "--json")) {
			var one line
			if err := json.Unmarshal([]byte(text), &one); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			lines = append(lines, one)
		}
		if len(lines) != 2 || lines[1].Duration <= 0 || lines[0] != (line{id, "starting", 0}) || lines[1].Run != id || lines[1].Status != "succeeded" {
			t.Errorf("the lines are %+v", lines)
		}
	})
	t.Run("an interrupt ends runs work", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := executeIn(ctx, t, definitions, "runs", "work"); got.code != 130 {
			t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
		}
	})
}

func TestThePoliciesOfARunAreSaidInWords(t *testing.T) {
	newHome(t)
	definitions := []fx.Option{assets.New("report", func() (queuedReport, error) { return 1, nil })}
	id := strings.TrimSpace(succeed(t, definitions, "run", "--queue", "--retries", "2", "--retry-wait", "10s", "--on-crash", "resume", "--priority", "3", "--tag", "team=sales"))
	for _, command := range [][]string{{"runs"}, {"runs", "show", id}} {
		out := succeed(t, definitions, command...)
		for _, want := range []string{"team=sales", "priority 3", "repeated up to 2 times if it fails, the first time after 10s", "resumed after a crash"} {
			if !strings.Contains(out, want) {
				t.Errorf("%q does not say %q:\n%s", command, want, out)
			}
		}
		if strings.Contains(out, "fxrun/") {
			t.Errorf("%q shows tags as they are stored:\n%s", command, out)
		}
	}
}

func TestRunRepeatsAFailedRun(t *testing.T) {
	newHome(t)
	made := 0
	definitions := []fx.Option{
		assets.New("report", func() (queuedReport, error) {
			if made++; made < 3 {
				return 0, errors.New("the server is away")
			}
			return 1, nil
		}),
	}
	got := execute(t, definitions, "run", "--retries", "3", "--retry-wait", "1ms")
	if got.code != 0 || made != 3 || strings.Count(got.err, "repeats what did not succeed") != 2 || strings.Count(got.out, "look at it: ") != 3 || strings.Contains(got.out, "was left") {
		t.Errorf("exit code %d, made %d times\n%s%s", got.code, made, got.out, got.err)
	}
	var records []history.Record
	if err := json.Unmarshal([]byte(succeed(t, definitions, "runs", "--json")), &records); err != nil {
		t.Fatal(err)
	}
	if len(records) != 3 || records[0].Status != history.StatusSucceeded || records[0].Tags["fxrun/retry_of"] != records[1].ID {
		t.Errorf("the runs are %+v", records)
	}
}

func TestLimitsComeFromTheEnvironment(t *testing.T) {
	newHome(t)
	definitions := []fx.Option{assets.New("report", func() queuedReport { return 1 }, assets.Pool("warehouse"))}
	t.Setenv("FXRUN_LIMITS", "{runs: 1, pools: {warehouse: 2}}")
	succeed(t, definitions, "run")
	for limits, want := range map[string]string{
		"{runs: many}":           "reading FXRUN_LIMITS: runs: it must be a whole number",
		"{pools: {warehous: 2}}": `did you mean "warehouse"?`,
	} {
		t.Setenv("FXRUN_LIMITS", limits)
		if got := execute(t, definitions, "run"); got.code != 64 || !strings.Contains(got.err, want) {
			t.Errorf("%s: exit code %d, want %q\n%s", limits, got.code, want, got.err)
		}
	}
}

func TestFlagsOfQueuedRunsThatCannotBeMeant(t *testing.T) {
	newHome(t)
	definitions := []fx.Option{assets.New("report", func() queuedReport { return 1 })}
	for args, want := range map[string]string{
		"run --queue --dry-run":    "exclude each other",
		"run --queue --parallel 2": "to runs work",
		"run --retries -1":         "cannot be negative",
		"run --retry-wait 1s":      "needs --retries",
		"run --on-crash never":     "it must be resume or give_up",
		"runs work --max-runs 0":   "must be at least 1",
		"runs work report":         "takes no arguments",
	} {
		got := execute(t, definitions, strings.Fields(args)...)
		if got.code != 64 || !strings.Contains(got.err, want) {
			t.Errorf("%s: exit code %d, want 64 and %q\n%s%s", args, got.code, want, got.out, got.err)
		}
	}
}

func executeIn(ctx context.Context, t *testing.T, definitions []fx.Option, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := cli.Run(ctx, args, cli.Streams{Out: &out, Err: &err}, definitions...)
	return result{code, out.String(), err.String()}
}

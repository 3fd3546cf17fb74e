package cli_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
)

// waiting is a program whose only step says that it runs, and waits for the end of
// its context.
func waiting(begun chan<- struct{}) []fx.Option {
	return []fx.Option{
		assets.New("slow", func(ctx context.Context) (int, error) {
			close(begun)
			<-ctx.Done()
			return 0, context.Cause(ctx)
		}),
	}
}

// executing executes a run of a program whose step tells that it has begun, and returns when
// it has. The run's result follows.
func executing(t *testing.T, definitions []fx.Option, begun <-chan struct{}) <-chan result {
	t.Helper()
	ended := make(chan result, 1)
	go func() { ended <- execute(t, definitions, "run") }()
	select {
	case <-begun:
	case run := <-ended:
		t.Fatalf("the run has ended before its step: exit code %d\n%s%s", run.code, run.out, run.err)
	}
	return ended
}

func TestRunsCancel(t *testing.T) {
	t.Run("it ends a run that somebody else executes, and tells its reason", func(t *testing.T) {
		newHome(t)
		begun := make(chan struct{})
		definitions := waiting(begun)
		ended := executing(t, definitions, begun)
		id := firstRun(t, definitions)
		got := execute(t, definitions, "runs", "cancel", id[:6], "--reason", "wrong table")
		run := <-ended
		if got.code != 0 || got.out != "run "+id+" was cancelled\n" || got.err != "" {
			t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
		}
		if run.code != 130 || !strings.Contains(run.out, "wrong table") {
			t.Errorf("the run ended with exit code %d\n%s%s", run.code, run.out, run.err)
		}
	})
	t.Run("without waiting it tells that the request stands", func(t *testing.T) {
		newHome(t)
		begun := make(chan struct{})
		definitions := waiting(begun)
		ended := executing(t, definitions, begun)
		id := firstRun(t, definitions)
		got := execute(t, definitions, "runs", "cancel", id, "--wait", "0s", "--json")
		<-ended
		var document struct {
			Status          history.Status
			CancelRequested string `json:"cancel_requested"`
		}
		if err := json.Unmarshal([]byte(got.out), &document); err != nil || got.code != 0 || document.CancelRequested == "" {
			t.Errorf("exit code %d, %v\n%s%s", got.code, err, got.out, got.err)
		}
	})
	t.Run("what cannot be cancelled is refused", func(t *testing.T) {
		newHome(t)
		definitions := []fx.Option{assets.New("one", func() int { return 1 })}
		succeed(t, definitions, "run")
		id := firstRun(t, definitions)
		for _, test := range []struct {
			args []string
			want string
		}{
			{[]string{"runs", "cancel", id}, "it has already ended: it succeeded"},
			{[]string{"runs", "cancel", "nothing"}, `"nothing"`},
			{[]string{"runs", "cancel"}, "the ID of a run"},
			{[]string{"runs", "cancel", id, "--wait", "-1s"}, "--wait"},
		} {
			got := execute(t, definitions, test.args...)
			if got.code != 64 || !strings.Contains(got.err, test.want) {
				t.Errorf("%q: exit code %d, want 64 and %q\n%s", test.args, got.code, test.want, got.err)
			}
		}
	})
}

// firstRun returns the ID of the run that is listed first.
func firstRun(t *testing.T, definitions []fx.Option) string {
	t.Helper()
	var records []history.Record
	if err := json.Unmarshal([]byte(succeed(t, definitions, "runs", "--json")), &records); err != nil || len(records) == 0 {
		t.Fatalf("%d runs, %v", len(records), err)
	}
	return records[0].ID
}

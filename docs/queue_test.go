package docs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// Invoice is what the job below makes.
type Invoice int

var brokenInvoices = 2

func WriteInvoice() (Invoice, error) {
	if brokenInvoices > 0 {
		brokenInvoices--
		return 0, errors.New("the printer is away")
	}
	return 7, nil
}

var invoicing = fx.Options(
	assets.New("invoice", WriteInvoice, assets.Pool("warehouse")),
	assets.NewJob("invoicing", assets.Select("invoice"),
		assets.RetryRun(3, backoff.Exponential(time.Millisecond, time.Minute)),
		assets.OnCrash(assets.CrashResume),
	),
	fx.Supply(&runs.Limits{
		Runs:  4,
		Tags:  []runs.TagLimit{{Key: "team", Value: "sales", Runs: 2}, {Key: "customer", Runs: 1}},
		Pools: map[string]int{"warehouse": 3},
	}),
)

// queueInvoices leaves a run to whoever takes queued runs.
func queueInvoices(ctx context.Context, launcher *runs.Launcher) (id string, err error) {
	prepared, err := launcher.Prepare(runs.Request{Job: "invoicing", Tags: map[string]string{"customer": "17"}, Priority: 1})
	if err != nil {
		return "", err
	}
	return prepared.Queue(ctx)
}

// workOnQueue executes queued runs until ctx ends.
func workOnQueue(ctx context.Context, launcher *runs.Launcher) error {
	return launcher.Work(ctx, runs.WorkOptions{MaxRuns: 8})
}

func ExampleLauncher_queue() {
	inApplication(invoicing, func(ctx context.Context, launcher *runs.Launcher) {
		id, err := queueInvoices(ctx, launcher)
		if err != nil {
			fmt.Println(err)
			return
		}
		working, stop := context.WithCancel(ctx)
		defer stop()
		go func() { _ = workOnQueue(working, launcher) }()
		for found := []history.Record(nil); len(found) < 3 || !found[0].Status.Finished(); {
			if found, err = launcher.Store().Runs(ctx, history.RunQuery{}); err != nil {
				fmt.Println(err)
				return
			}
			if len(found) == 3 && found[0].Status.Finished() {
				fmt.Println(found[2].Status, found[1].Status, found[0].Status, found[0].Tags[runs.TagFirstRun] == id)
			}
		}
	})
	// Output:
	// failed failed succeeded true
}

var arrow = regexp.MustCompile(`(?m)^    (\[\*\]|[a-z]+) --> ([a-z]+)`)

// transitionsOn returns the arrows of the picture of queue.md that follows a heading.
func transitionsOn(t *testing.T, heading string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("queue.md")
	if err != nil {
		t.Fatal(err)
	}
	picture := regexp.MustCompile("(?s)\n" + heading + "\n.*?```mermaid\n(.*?)```").FindSubmatch(text)
	if picture == nil {
		t.Fatalf("queue.md has no picture after %q", heading)
	}
	found := make(map[string]bool)
	for _, match := range arrow.FindAllSubmatch(picture[1], -1) {
		found[string(match[1])+" --> "+string(match[2])] = true
	}
	return found
}

func TestThePicturesOfRunsAreTrue(t *testing.T) {
	t.Parallel()
	t.Run("that of a run", func(t *testing.T) {
		t.Parallel()
		all := []history.Status{
			"", history.StatusQueued, history.StatusStarting, history.StatusRunning,
			history.StatusSucceeded, history.StatusFailed, history.StatusCancelled,
		}
		checkPicture(t, "## The states of a run", all, history.Status.CanBecome)
	})
	t.Run("that of a step", func(t *testing.T) {
		t.Parallel()
		all := []history.StepStatus{
			history.StepStatusPending, history.StepStatusRunning, history.StepStatusSucceeded,
			history.StepStatusFailed, history.StepStatusSkipped, history.StepStatusCancelled,
		}
		checkPicture(t, "## The states of a step", all, history.StepStatus.CanBecome, "[*] --> pending")
	})
}

func checkPicture[S ~string](t *testing.T, heading string, all []S, can func(from, to S) bool, more ...string) {
	t.Helper()
	want := make(map[string]bool)
	for _, from := range all {
		for _, to := range all {
			if can(from, to) {
				name := string(from)
				if name == "" {
					name = "[*]"
				}
				want[name+" --> "+string(to)] = true
			}
		}
	}
	for _, one := range more {
		want[one] = true
	}
	if diff := cmp.Diff(want, transitionsOn(t, heading)); diff != "" {
		t.Errorf("%s (-code +page):\n%s", heading, diff)
	}
}

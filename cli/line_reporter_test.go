package cli_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/history"
)

// variedRun has a retried step, a step with two assets, an op, and resources
// that start and stop without trouble, slowly, and not at all.
func variedRun() []history.Event {
	refused := history.Failure{Message: "connection\nrefused"}
	return log(
		history.RunQueued{Job: "nightly", Steps: []string{"flaky", "both", "notify"}},
		history.RunStarting{},
		history.ResourceStarting{Resource: "warehouse"},
		history.ResourceStarting{Resource: "client"},
		history.ResourceStarting{Resource: "lake"},
		history.ResourceStarted{Resource: "client", Duration: 12 * time.Millisecond},
		history.ResourceStarted{Resource: "lake", Duration: 10 * time.Millisecond},
		history.ResourceStarted{Resource: "warehouse", Duration: 3 * time.Second},
		history.RunStarted{},
		history.StepStarted{Step: "flaky", Attempt: 1},
		history.ResourceStarting{Resource: "tx", Step: "flaky"},
		history.ResourceStarted{Resource: "tx", Step: "flaky", Duration: time.Millisecond},
		history.StepProgress{Step: "flaky", Rows: 10000},
		history.AssetMaterialized{Asset: "flaky", Step: "flaky", Size: 1, Metadata: history.Values{"rows": 1}},
		history.ResourceStopping{Resource: "tx", Step: "flaky"},
		history.ResourceStopped{Resource: "tx", Step: "flaky", Error: refused},
		history.StepFailed{Step: "flaky", Attempt: 1, Error: refused, Duration: 400 * time.Millisecond, Retry: true, RetryDelay: 2500 * time.Millisecond},
		history.StepStarted{Step: "both", Attempt: 1},
		history.AssetMaterialized{Asset: "customers", Step: "both", Size: 2000, Metadata: history.Values{"rows": 20, "path": "c.csv"}},
		history.AssetMaterialized{Asset: "orders", Partition: "2026-01-02", Step: "both", Size: 4000, Metadata: history.Values{"rows": 1300}},
		history.StepSucceeded{Step: "both", Duration: time.Second},
		history.StepStarted{Step: "flaky", Attempt: 2},
		history.StepProgress{Step: "flaky", Rows: 1200, Total: 5000, Message: "page 3"},
		history.AssetMaterialized{Asset: "flaky", Step: "flaky", Size: 5000, Metadata: history.Values{"rows": 50}},
		history.StepSucceeded{Step: "flaky", Duration: time.Second},
		history.StepStarted{Step: "notify", Attempt: 1},
		history.StepSucceeded{Step: "notify", Duration: time.Second},
		history.ResourceStopping{Resource: "lake"},
		history.ResourceStopped{Resource: "lake", Duration: time.Millisecond},
		history.ResourceStopping{Resource: "client"},
		history.ResourceStopped{Resource: "client", Duration: time.Millisecond},
		history.ResourceStopping{Resource: "warehouse"},
		history.ResourceStopped{Resource: "warehouse", Duration: time.Millisecond, Error: history.Failure{Message: "open transactions"}},
		history.RunFinished{Status: history.StatusFailed, Error: history.Failure{Message: "stopping warehouse: open transactions"}, Duration: 33 * time.Second},
	)
}

func TestLinesOfARun(t *testing.T) {
	t.Parallel()
	for name, verbose := range map[string]bool{"lines": false, "lines-verbose": true} {
		var out bytes.Buffer
		reporter := cli.NewReporter(&out, verbose)
		for _, event := range variedRun() {
			reporter.Event(event)
		}
		reporter.End()
		goldenExact(t, name, clock.ReplaceAllString(out.String(), "TIME"))
	}
}

func TestFramesOfAVariedRun(t *testing.T) {
	t.Parallel()
	events := variedRun()
	waiting, running := events[:20], events[:23]
	goldenExact(t, "frame-retry", strings.Join(cli.Frame(waiting, epoch.Add(17*time.Second), 80, 24, false), "\n")+"\n")
	goldenExact(t, "frame-second-attempt", strings.Join(cli.Frame(running, epoch.Add(24*time.Second), 80, 24, false), "\n")+"\n")
	goldenExact(t, "frame-varied", strings.Join(cli.Frame(events[:27], epoch.Add(24*time.Second), 80, 24, false), "\n")+"\n")
}

func TestAResourceThatHangsIsNamed(t *testing.T) {
	t.Parallel()
	starting := log(history.RunQueued{Job: "nightly"}, history.RunStarting{}, history.ResourceStarting{Resource: "warehouse"}, history.ResourceStarting{Resource: "client"},
		history.ResourceStarted{Resource: "client", Duration: time.Millisecond})
	const told = "resource warehouse still starting after 2.0s\n"
	t.Run("while it starts", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			reporter := cli.NewReporter(&out, false)
			for _, event := range starting {
				reporter.Event(event)
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			if !strings.HasSuffix(out.String(), told) || strings.Count(out.String(), "\n") != 2 {
				t.Errorf("got\n%swant the line of the run, then %s", out.String(), told)
			}
			reporter.Abandon()
		})
	})
	t.Run("but not once it has started, nor after the end", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			reporter := cli.NewReporter(&out, false)
			for _, event := range starting {
				reporter.Event(event)
			}
			reporter.Abandon()
			time.Sleep(time.Hour)
			synctest.Wait()
			if strings.Contains(out.String(), "still") {
				t.Errorf("got\n%s", out.String())
			}
		})
	})
}

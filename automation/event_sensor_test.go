package automation_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// launch makes a run, and waits for its end.
func (p *program) launch(launcher *runs.Launcher, request runs.Request) string {
	p.t.Helper()
	run, err := launcher.Launch(p.t.Context(), request)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = run.Wait(p.t.Context())
	return run.ID()
}

func TestASensorSeesEveryMaterializationOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		var seen []string
		p := newProgram(t, &loaded, nil,
			automation.OnMaterialized("after_small", []string{"small"}, func(event history.Event, run history.Record, tick *automation.Tick) automation.RunRequest {
				made := event.Data.(history.AssetMaterialized)
				seen = append(seen, event.RunID)
				if made.Asset != "small" || run.ID != event.RunID || !tick.Scheduled().Equal(event.Time) {
					t.Errorf("the event is %+v of %+v, for %s", event, run, tick.Scheduled())
				}
				return table(event.RunID)
			}, automation.For("update_data")))
		launcher := p.newLauncher()
		before := p.launch(launcher, runs.Request{Selection: "small"})
		var want []string
		for range 3 { // each time with another daemon; between them nobody is there
			working := p.newLauncher()
			stop := p.start(p.daemon(working, nil))
			time.Sleep(time.Second)
			for range 3 {
				want = append(want, p.launch(launcher, runs.Request{Selection: "small"}))
			}
			time.Sleep(3 * time.Second)
			stop()
			p.close(working)
			want = append(want, p.launch(launcher, runs.Request{Selection: "small"}))
		}
		p.runFor(3*time.Second, nil)
		p.close(launcher)
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("before all was %s: %s", before, diff)
		}
		count := counts(loaded.list())
		for _, id := range want {
			if count[id] != 1 {
				t.Errorf("event of run %s has made %d runs", id, count[id])
			}
		}
	})
}

func TestASensorForFailedRunsIsAnAlert(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		var alerts, of []string
		attempts := 0
		p := newProgram(t, &loaded, nil,
			automation.OnRun("alert", []history.Status{history.StatusFailed}, func(run history.Record) error {
				if attempts++; attempts == 2 {
					return errors.New("the mail server is away")
				}
				alerts = append(alerts, fmt.Sprint(run.ID, ": ", run.Error.Message))
				return nil
			}, automation.Retry(3, nil)),
			automation.OnRun("of_job", nil, func(run history.Record) { of = append(of, run.ID) }, automation.OfJob("small_job"), automation.OfTag("team", "data")),
			automation.OnRun("again", []history.Status{history.StatusFailed}, func(history.Record) automation.RunRequest {
				return automation.RunRequest{Selection: "broken"} // whose failure must not make it tick
			}))
		launcher := p.newLauncher()
		working := p.newLauncher()
		stop := p.start(p.daemon(working, nil))
		time.Sleep(time.Second)
		var failed []string
		for range 3 {
			failed = append(failed, p.launch(launcher, runs.Request{Selection: "broken"}))
		}
		p.launch(launcher, runs.Request{Job: "small_job"})
		tagged := p.launch(launcher, runs.Request{Job: "small_job", Tags: map[string]string{"team": "data"}})
		time.Sleep(time.Minute)
		stop()
		p.close(working)
		p.close(launcher)
		if len(alerts) != 6 || attempts != 7 || alerts[0] != failed[0]+": materializing broken: it is broken" {
			t.Errorf("the alerts are %q, of the failures of %v", alerts, failed)
		}
		if diff := cmp.Diff([]string{tagged}, of); diff != "" {
			t.Error(diff)
		}
		if made := p.runs(map[string]string{automation.TagSensor: "again"}); len(made) != 3 {
			t.Errorf("%d runs were made of 3 failures", len(made))
		}
	})
}

func TestRepetitionsOfRunsThatASensorHasAskedForDoNotMakeItTick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t, new(tables), nil, automation.OnRun("again", []history.Status{history.StatusFailed}, func(run history.Record) automation.RunRequest {
			return automation.RunRequest{Job: "broken_job", Key: run.ID} // which fails twice
		}))
		working := p.newLauncher()
		stop := p.start(p.daemon(working, nil))
		time.Sleep(time.Second)
		first := p.launch(working, runs.Request{Selection: "broken"})
		time.Sleep(time.Minute)
		made := p.runs(map[string]string{automation.TagSensor: "again", automation.TagRunKey: first})
		if all := p.runs(nil); len(made) != 2 || len(all) != 3 {
			t.Fatalf("after the failure of %s there are %d runs, and %d of the sensor", first, len(all), len(made))
		}
		request, err := working.RetryRequest(t.Context(), made[0].ID, runs.RetryOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p.launch(working, request)
		time.Sleep(time.Minute)
		if all := p.runs(nil); len(all) != 5 { // the job repeats this one too
			t.Errorf("after a repetition by a person there are %d runs", len(all))
		}
		stop()
		p.close(working)
	})
}

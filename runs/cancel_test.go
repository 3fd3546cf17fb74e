package runs_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

func TestACancelRequestOfSomebodyElseIsObeyed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}))
		run, err := launcher.Launch(t.Context(), runs.Request{Selection: "left"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // the run waits, and many looks find nothing
		if status := run.Status(); status != history.StatusRunning {
			t.Fatalf("the run is %s", status)
		}
		request := history.Event{RunID: run.ID(), Time: time.Now(), Data: history.RunCancelRequested{Reason: "asked elsewhere"}}
		if _, err := launcher.Store().Append(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		err = run.Wait(t.Context())
		if !errors.Is(err, runs.ErrCancelled) || !strings.Contains(err.Error(), "asked elsewhere") {
			t.Errorf("the run ended with %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		record, err := history.Find(t.Context(), launcher.Store(), run.ID())
		if err != nil || record.Status != history.StatusCancelled {
			t.Errorf("the record is %+v, %v", record, err)
		}
		requests, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: run.ID(), Types: []history.EventType{history.TypeRunCancelRequested}})
		if err != nil || len(requests) != 1 {
			t.Errorf("the log has the requests %+v, %v", requests, err)
		}
	})
}

func TestTheObserverIsToldOfWhatOthersAppend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}))
		var observed history.Record
		run, err := launcher.Launch(t.Context(), runs.Request{Selection: "left", Observe: func(event history.Event) {
			if err := observed.Apply(event); err != nil {
				t.Error(err)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for _, data := range []history.EventData{history.LogWritten{Message: "looked at"}, history.RunCancelRequested{Reason: "asked elsewhere"}} {
			if _, err := launcher.Store().Append(t.Context(), history.Event{RunID: run.ID(), Time: time.Now(), Data: data}); err != nil {
				t.Fatal(err)
			}
		}
		<-run.Done()
		record, err := history.Find(t.Context(), launcher.Store(), run.ID())
		if diff := cmp.Diff(record, observed); diff != "" || err != nil {
			t.Errorf("the record that the observer has computed differs (-stored +observed), %v:\n%s", err, diff)
		}
	})
}

func TestARunWhoseStepsHaveAllSucceededHasSucceeded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		request runs.Request
		late    func(*runs.Run) // while the last value is stored
	}{
		"if it is cancelled too late":          {runs.Request{Selection: "left"}, func(run *runs.Run) { run.Cancel("late") }},
		"if its timeout passes in the storing": {runs.Request{Selection: "left", Timeout: time.Minute}, func(*runs.Run) { time.Sleep(time.Hour) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				launched := make(chan *runs.Run, 1)
				manager := storedManager{iomanagers.NewMemory(), func() { test.late(<-launched) }}
				launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
					container.Provide("io_manager", func() iomanagers.IOManager { return manager }),
				}, assets.New("left", func() left { return 1 }))
				run, err := launcher.Launch(t.Context(), test.request)
				if err != nil {
					t.Fatal(err)
				}
				launched <- run
				err = run.Wait(t.Context())
				record, found := history.Find(t.Context(), launcher.Store(), run.ID())
				if err != nil || found != nil || record.Status != isSucceeded || record.Steps[0].Status != history.StepStatusSucceeded {
					t.Errorf("it ended with %v: %+v, %v", err, record, found)
				}
			})
		})
	}
}

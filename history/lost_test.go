package history_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
)

func TestSettleLost(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	gone := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	dead := fmt.Sprintf("%s/%d", host, gone.Process.Pid)
	store := history.NewMemoryStore()
	start := time.Now().Add(-time.Hour)
	began := func(id, owner string, more ...history.EventData) {
		for i, data := range append([]history.EventData{history.RunQueued{Owner: owner, Steps: []string{"step"}}}, more...) {
			at := start.Add(time.Duration(i) * time.Second)
			if _, err := store.Append(t.Context(), history.Event{RunID: id, Time: at, Data: data}); err != nil {
				t.Fatal(err)
			}
		}
	}
	running := []history.EventData{history.RunStarting{Owner: dead}, history.RunStarted{}, history.StepStarted{Step: "step", Attempt: 1}}
	began("queued", dead)
	began("running", dead, running...)
	began("finished", dead, append(running[:2:2], history.RunFinished{Status: history.StatusCancelled})...)
	began("own", fmt.Sprintf("%s/%d", host, os.Getpid()))
	began("elsewhere", "another-"+dead)
	began("unknown", "")

	settled, err := history.SettleLost(t.Context(), store)
	if err != nil || len(settled) != 2 {
		t.Fatalf("settled %v, %v", settled, err)
	}
	for _, record := range settled {
		if record.Status != history.StatusFailed || !strings.Contains(record.Error.Message, dead+") is gone; its resources were not stopped") || !record.Steps[0].Status.Finished() {
			t.Errorf("got %+v", record)
		}
		if lasted := map[string]time.Duration{"queued": 0, "running": 2 * time.Second}[record.ID]; record.Duration != lasted {
			t.Errorf("%s lasted %s, want %s: from its start to its last event", record.ID, record.Duration, lasted)
		}
	}
	records, err := store.Runs(t.Context(), history.RunQuery{})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]history.Status)
	for _, record := range records {
		got[record.ID] = record.Status
	}
	want := map[string]history.Status{
		"queued": history.StatusFailed, "running": history.StatusFailed, "finished": history.StatusCancelled,
		"own": history.StatusQueued, "elsewhere": history.StatusQueued, "unknown": history.StatusQueued,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if again, err := history.SettleLost(t.Context(), store); err != nil || len(again) != 0 {
		t.Errorf("again: %v, %v", again, err)
	}
}

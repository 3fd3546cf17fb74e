package history_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
)

// ask has a process of its own answer a question, and waits for its end.
func ask(t *testing.T, question string, attributes *syscall.SysProcAttr) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), "HISTORY_TEST_ASK="+question)
	command.SysProcAttr = attributes
	answer, err := command.Output()
	if errors.Is(err, os.ErrPermission) {
		t.Skip("this process may not make such processes")
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// inAnotherPlace is an owner with the same number in another PID namespace.
func inAnotherPlace(owner string) string {
	parts := strings.Split(owner, "/")
	parts[2] = strings.Repeat("0", len(parts[2]))
	return strings.Join(parts, "/")
}

func TestLivenessOf(t *testing.T) {
	t.Parallel()
	gone := ask(t, "owner", nil)
	parts := strings.Split(history.Owner(), "/")
	parts[3] = "1"
	for name, test := range map[string]struct {
		owner string
		want  history.Liveness
	}{
		"this process runs":                                 {history.Owner(), history.LivenessRunning},
		"a process that has ended is gone":                  {gone, history.LivenessGone},
		"a process whose number was given again is gone":    {strings.Join(parts, "/"), history.LivenessGone},
		"a process in another namespace is unknown":         {inAnotherPlace(gone), history.LivenessUnknown},
		"a number without a place is unknown":               {strings.Join(parts[:2], "/"), history.LivenessUnknown},
		"nobody is unknown":                                 {"", history.LivenessUnknown},
		"what no process has as its number is unknown":      {strings.Replace(gone, "/", "/-", 1), history.LivenessUnknown},
		"an owner that other programs have made is unknown": {"worker 7", history.LivenessUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := history.LivenessOf(test.owner); got != test.want {
				t.Errorf("%s is %s, want %s", test.owner, got, test.want)
			}
		})
	}
	t.Run("another process that is there runs", func(t *testing.T) {
		t.Parallel()
		if got := ask(t, history.Owner(), nil); got != string(history.LivenessRunning) {
			t.Errorf("got %s", got)
		}
	})
}

func TestSettleLost(t *testing.T) {
	t.Parallel()
	dead := ask(t, "owner", nil)
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
	began("told to stop too late", dead, running...)
	if _, err := store.Append(t.Context(), history.Event{RunID: "told to stop too late", Time: time.Now(), Data: history.RunCancelRequested{}}); err != nil {
		t.Fatal(err)
	}
	began("finished", dead, append(running[:2:2], history.RunFinished{Status: history.StatusCancelled})...)
	began("own", history.Owner())
	began("elsewhere", inAnotherPlace(dead))
	began("old", strings.Join(strings.Split(dead, "/")[:2], "/"))
	began("unknown", "")

	settled, err := history.SettleLost(t.Context(), store)
	if err != nil || len(settled) != 3 {
		t.Fatalf("settled %v, %v", settled, err)
	}
	for _, record := range settled {
		if record.Status != history.StatusFailed || !strings.Contains(record.Error.Message, dead+") is gone; its resources were not stopped") ||
			strings.Contains(record.Error.Message, "it was executing step, whose stored values may be newer than the history says") != (record.ID != "queued") || !record.Steps[0].Status.Finished() {
			t.Errorf("got %+v", record)
		}
		lasted, after := 2*time.Second, 3*time.Second
		if record.ID == "queued" {
			lasted, after = 0, 0
		}
		if record.Duration != lasted {
			t.Errorf("%s lasted %s, want %s: from its start to its last event", record.ID, record.Duration, lasted)
		}
		if got := record.Finished.Sub(start); got.Round(time.Millisecond) != after {
			t.Errorf("%s finished %s after it began, want %s", record.ID, got, after)
		}
		if step := record.Steps[0]; step.Duration > time.Second {
			t.Errorf("the step of %s lasted %s", record.ID, step.Duration)
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
		"queued": history.StatusFailed, "running": history.StatusFailed, "told to stop too late": history.StatusFailed, "finished": history.StatusCancelled,
		"own": history.StatusQueued, "elsewhere": history.StatusQueued, "old": history.StatusQueued, "unknown": history.StatusQueued,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if again, err := history.SettleLost(t.Context(), store); err != nil || len(again) != 0 {
		t.Errorf("again: %v, %v", again, err)
	}
}

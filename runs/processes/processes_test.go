//go:build unix

package processes_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/processes"
)

type executor = func(processes.Config) runs.Executor

// ran is what is known of a run that has ended.
type ran struct {
	err    error
	record history.Record
	events []history.Event
	folder string
}

// launcher returns a launcher whose steps are executed by processes of this test.
func launcher(t testing.TB, of executor, config processes.Config, folder string) *runs.Launcher {
	t.Helper()
	config.Args = []string{processes.Argument, "own", folder}
	launcher, err := newLauncher(runs.LauncherConfig{Executor: of(config)}, folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := launcher.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return launcher
}

// run executes a selection.
func run(t *testing.T, of executor, config processes.Config, request runs.Request) ran {
	t.Helper()
	folder := t.TempDir()
	launcher := launcher(t, of, config, folder)
	handle, err := launcher.Launch(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return outcome(t, launcher, handle, folder)
}

func outcome(t *testing.T, launcher *runs.Launcher, handle *runs.Run, folder string) ran {
	t.Helper()
	got := ran{err: handle.Wait(t.Context()), folder: folder}
	var err error
	if got.record, err = history.Find(t.Context(), launcher.Store(), handle.ID()); err != nil {
		t.Fatal(err)
	}
	if got.events, err = launcher.Store().Events(t.Context(), history.EventQuery{RunID: handle.ID()}); err != nil {
		t.Fatal(err)
	}
	return got
}

// of returns the events of a type.
func of[T history.EventData](got ran) []T {
	var found []T
	for _, event := range got.events {
		if data, ok := event.Data.(T); ok {
			found = append(found, data)
		}
	}
	return found
}

func TestAProcessThatEndsBeforeItsStep(t *testing.T) {
	t.Parallel()
	for selection, want := range map[string][]string{
		"exits":         {"the process ended with exit code 3; its last output: about to exit", "resources that were not stopped:", "marker"},
		"exits/well":    {"the process ended with exit code 0 before its work did, as os.Exit(0) does"},
		"crashes":       {"the process ended with exit code 2; its last output: panic: far away"},
		"killed":        {"the process was killed by the signal SIGKILL", "its last output: the last words", "marker"},
		"garbage":       {`the process was killed: it sent 8 bytes that are no frame, beginning with "no frame"`},
		"torn":          {"the process was killed: it sent a frame without an end"},
		"huge":          {"the process was killed: it sent a frame that is too long: more than 8388608 bytes"},
		"foreign":       {`the process was killed: it sent an event that can't be recorded`, `the run has no step "no such step"`},
		"long/metadata": {"a process can't tell of more than"},
	} {
		for name, isolate := range map[string]executor{"a process for the step": processes.Steps, "a process for the run": processes.Whole} {
			t.Run(selection+" in "+name+" is a failed step", func(t *testing.T) {
				t.Parallel()
				got := run(t, isolate, processes.Config{}, runs.Request{Selection: selection})
				step, _ := got.record.Step(selection)
				if got.record.Status != history.StatusFailed || step.Status != history.StepStatusFailed && selection != "long/metadata" {
					t.Errorf("the run is %s, and the step %s", got.record.Status, step.Status)
				}
				for _, want := range want {
					if got.err == nil || !strings.Contains(got.err.Error(), want) || selection != "long/metadata" && !strings.Contains(step.Error.Message, want) {
						t.Errorf("the errors are %v\n%s, and lack %q", got.err, step.Error.Message, want)
					}
				}
				if selection == "crashes" && !strings.Contains(step.Error.Stack, "goroutine ") {
					t.Errorf("the stack is %q", step.Error.Stack)
				}
				var left []string
				for _, resource := range of[history.RunFinished](got)[0].Left {
					left = append(left, resource.Resource)
				}
				if wantLeft := selection == "exits" || selection == "killed"; wantLeft != strings.Contains(strings.Join(left, " "), "marker") {
					t.Errorf("resources left: %s", left)
				}
			})
		}
	}
}

func TestEachAttemptHasAProcessOfItsOwn(t *testing.T) {
	t.Parallel()
	got := run(t, processes.Steps, processes.Config{}, runs.Request{Selection: "killed/once"})
	if got.err != nil {
		t.Fatal(got.err)
	}
	var told []string
	for _, failed := range of[history.StepFailed](got) {
		told = append(told, fmt.Sprintf("%d %t %s %t", failed.Attempt, failed.Retry, failed.RetryDelay, failed.Usage.CPU > 0))
	}
	if want := "1 true 1ms true, 2 true 1ms true"; strings.Join(told, ", ") != want {
		t.Errorf("failed attempts: %s, want %s", told, want)
	}
	numbers := make(map[string]bool)
	for attempt := range 3 {
		numbers[read(t, filepath.Join(got.folder, fmt.Sprintf("attempt%d", attempt+1)))] = true
	}
	if len(numbers) != 3 {
		t.Errorf("the processes of three attempts are %v", numbers)
	}
	if left := of[history.RunFinished](got)[0].Left; len(left) == 0 || left[len(left)-1].Resource != "marker" {
		t.Errorf("the history does not name what the killed process has left: %v", left)
	}
}

func TestABackoffThatPanicsAfterItsProcessHasDied(t *testing.T) {
	t.Parallel()
	got := run(t, processes.Steps, processes.Config{}, runs.Request{Selection: "killed/backoff"})
	step, _ := got.record.Step("killed/backoff")
	for _, want := range []string{"the process was killed by the signal SIGKILL", "choosing when to try again: panic: ouch"} {
		if got.err == nil || !strings.Contains(got.err.Error(), want) || !strings.Contains(step.Error.Message, want) {
			t.Errorf("the errors are %v\n%s, and lack %q", got.err, step.Error.Message, want)
		}
	}
	if failed := of[history.StepFailed](got); len(failed) != 1 || failed[0].Retry || failed[0].Attempt != 1 {
		t.Errorf("failed attempts: %+v", failed)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestValuesCrossProcesses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	launcher := launcher(t, processes.Steps, processes.Config{}, folder)
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "+doubled"})
	if err != nil {
		t.Fatal(err)
	}
	if got := outcome(t, launcher, handle, folder); got.err != nil {
		t.Fatal(got.err)
	}
	if value, err := runs.Value[doubled](t.Context(), launcher, "doubled"); err != nil || value.N != 42 {
		t.Errorf("got %v, %v", value, err)
	}
}

func TestARetryIsExecutedInAnotherProcess(t *testing.T) {
	t.Parallel()
	for name, isolate := range map[string]executor{"of a step": processes.Steps, "of a run": processes.Whole} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			launcher := launcher(t, isolate, processes.Config{}, folder)
			launch := func(request runs.Request) ran {
				handle, err := launcher.Launch(t.Context(), request)
				if err != nil {
					t.Fatal(err)
				}
				return outcome(t, launcher, handle, folder)
			}
			first := launch(runs.Request{Job: "growing"})
			if first.err == nil || !strings.Contains(first.err.Error(), "it is winter") {
				t.Fatalf("got %v", first.err)
			}
			// The file sown is made again only if its step is repeated.
			if err := errors.Join(os.Remove(filepath.Join(folder, "sown")), os.WriteFile(filepath.Join(folder, "open"), nil, 0o600)); err != nil {
				t.Fatal(err)
			}
			request, err := launcher.RetryRequest(t.Context(), first.record.ID, runs.RetryOptions{})
			if err != nil {
				t.Fatal(err)
			}
			again := launch(request)
			if again.err != nil || len(again.record.Steps) != 1 {
				t.Errorf("the steps are %+v, %v", again.record.Steps, again.err)
			}
			if _, err := os.Stat(filepath.Join(folder, "sown")); err == nil {
				t.Error("the step that has succeeded was executed again")
			}
		})
	}
}

func TestAStepGetsTheValueOfItsRunFromAnotherProcess(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	launcher := launcher(t, processes.Steps, processes.Config{MaxParallel: 4}, folder)
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "+late"})
	if err != nil {
		t.Fatal(err)
	}
	awaitFile(t, filepath.Join(folder, "running"))
	other, err := launcher.Launch(t.Context(), runs.Request{Selection: "number"})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "open"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got := outcome(t, launcher, handle, folder)
	if step, _ := got.record.Step("late"); step.Status != history.StepStatusFailed || !strings.Contains(step.Error.Message, "launch all steps again when no other run stores the same assets") {
		t.Errorf("the step is %s: %s", step.Status, step.Error.Message)
	}
}

func TestARunWhoseHistoryCannotBeKeptStopsItsProcesses(t *testing.T) {
	t.Parallel()
	for name, isolate := range map[string]executor{"of a step": processes.Steps, "of a run": processes.Whole} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			store := &failing{Store: history.NewMemoryStore()}
			launcher, err := newLauncher(runs.LauncherConfig{
				Store: store, Executor: isolate(processes.Config{Args: []string{processes.Argument, "own", folder}}),
			}, folder)
			if err != nil {
				t.Fatal(err)
			}
			handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "chatty"})
			if err != nil {
				t.Fatal(err)
			}
			awaitFile(t, filepath.Join(folder, "running"))
			store.broken.Store(true)
			if err := handle.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "the disk is full") {
				t.Errorf("got %v", err)
			}
			_ = read(t, filepath.Join(folder, "stopped"))
			if err := launcher.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAResourceThatCannotBeRecordedIsNotStarted(t *testing.T) {
	t.Parallel()
	for name, isolate := range map[string]executor{"in the process of a step": processes.Steps, "in the process of a run": processes.Whole} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			started := filepath.Join(folder, "started")
			store := &failing{Store: history.NewMemoryStore(), at: history.TypeResourceStarting, meanwhile: func() {
				for began := time.Now(); time.Since(began) < 100*time.Millisecond; runtime.Gosched() {
					if _, err := os.Stat(started); err == nil {
						return
					}
				}
			}}
			launcher, err := newLauncher(runs.LauncherConfig{
				Store: store, Executor: isolate(processes.Config{Args: []string{processes.Argument, "own", folder}}),
			}, folder)
			if err != nil {
				t.Fatal(err)
			}
			handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "patient"})
			if err != nil {
				t.Fatal(err)
			}
			if err := handle.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "the disk is full") {
				t.Errorf("got %v", err)
			}
			if _, err := os.Stat(started); err == nil {
				t.Error("the resource has started, and nobody knows of it")
			}
			if err := launcher.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

// failing is a store that takes no events once it is broken, or once it is to take one of a type.
type failing struct {
	history.Store
	broken atomic.Bool

	at        history.EventType
	meanwhile func()
}

func (f *failing) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	if f.at != "" && slices.ContainsFunc(events, func(event history.Event) bool { return event.Type() == f.at }) {
		f.meanwhile()
		f.broken.Store(true)
	}
	if f.broken.Load() {
		return nil, errors.New("the disk is full")
	}
	return f.Store.Append(ctx, events...)
}

func TestSecretsGoOverThePipeOnly(t *testing.T) {
	t.Parallel()
	config := container.RunConfig{Resources: map[string]any{
		"secret": secretConfig{Password: container.NewSecret("hunter2: {env: \"x\"}"), URL: "https://ann:pw12345@host/"},
	}}
	for name, isolate := range map[string]executor{"to a step": processes.Steps, "to a run": processes.Whole} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, isolate, processes.Config{}, runs.Request{Selection: "reveals", Config: config})
			if got.err != nil {
				t.Fatal(got.err)
			}
			if has := read(t, filepath.Join(got.folder, "secret")); has != `hunter2: {env: "x"} https://ann:pw12345@host/` {
				t.Errorf("the step has got %s", has)
			}
			if history := fmt.Sprintf("%+v", got.events); strings.Contains(history, "hunter2") || strings.Contains(history, "pw12345") ||
				!strings.Contains(history, "the password is ******") {
				t.Errorf("the history has %s", history)
			}
		})
	}
}

func TestTheOutputOfAProcessIsLogged(t *testing.T) {
	t.Parallel()
	got := run(t, processes.Steps, processes.Config{}, runs.Request{Selection: "talks"})
	if got.err != nil {
		t.Fatal(got.err)
	}
	lines := of[history.LogWritten](got)
	var texts []string
	for _, line := range lines {
		if line.Step != "talks" {
			t.Errorf("the line %q is of step %q", line.Message, line.Step)
		}
		texts = append(texts, line.Message)
	}
	all := strings.Join(texts, "\n")
	for _, want := range []string{"line 0\n", "line 900\n", "line 2999", "1980 more lines were written here that are not recorded", "yyyy", "\uFFFD"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if len(lines) > 1100 {
		t.Errorf("%d lines are recorded", len(lines))
	}
}

func TestALongLogLineIsShortened(t *testing.T) {
	t.Parallel()
	got := run(t, processes.Steps, processes.Config{}, runs.Request{Selection: "long/line"})
	lines := of[history.LogWritten](got)
	if got.err != nil || len(lines) != 1 || len(lines[0].Message) != 64<<10 || lines[0].Attrs.Get("shortened") == nil {
		t.Errorf("got %v and %d lines", got.err, len(lines))
	}
}

func TestTheUsageOfAStepIsThatOfItsProcess(t *testing.T) {
	t.Parallel()
	own := make([]byte, 300<<20) // of the process that starts the others
	for i := 0; i < len(own); i += 512 {
		own[i] = 1
	}
	usage := make(map[string]history.Usage)
	for _, step := range of[history.StepSucceeded](run(t, processes.Steps, processes.Config{}, runs.Request{Selection: "small or large"})) {
		usage[step.Step] = step.Usage
	}
	small, large := usage["small"], usage["large"]
	if small.Memory < 1<<20 || small.Memory >= int64(len(own)) || large.Memory-small.Memory < 90<<20 || small.CPU <= 0 || small.CPU > time.Minute {
		t.Errorf("the steps have used %+v and %+v", small, large)
	}
	if own[0] == 0 {
		t.Fail()
	}
}

func TestTheUsageOfAStepInTheProcessOfItsRun(t *testing.T) {
	t.Parallel()
	t.Run("is known if the step was alone", func(t *testing.T) {
		t.Parallel()
		usage := of[history.StepSucceeded](run(t, processes.Whole, processes.Config{}, runs.Request{Selection: "large"}))[0].Usage
		if usage.CPU <= 0 || usage.CPU > time.Minute || usage.Memory < 100<<20 {
			t.Errorf("the step has used %+v", usage)
		}
	})
	t.Run("is not known if another step was executed meanwhile", func(t *testing.T) {
		t.Parallel()
		var steps processes.StepUsage
		steps.Begin("first")
		steps.Begin("second")
		for _, step := range []string{"first", "second", "unknown"} {
			if usage := steps.End(step); usage != (history.Usage{}) {
				t.Errorf("step %s has used %+v", step, usage)
			}
		}
		steps.Begin("third")
		if usage := steps.End("third"); usage.Memory == 0 {
			t.Errorf("the next step was alone, and has used %+v", usage)
		}
	})
}

func TestAProcessThatDoesNotEndIsKilled(t *testing.T) {
	t.Parallel()
	short := processes.Config{Grace: 100 * time.Millisecond}
	t.Run("after the timeout of its step", func(t *testing.T) {
		t.Parallel()
		got := run(t, processes.Steps, short, runs.Request{Selection: "stubborn/limited"})
		step, _ := got.record.Step("stubborn/limited")
		if step.Status != history.StepStatusFailed || !strings.Contains(step.Error.Message, "timed out after 10ms, and it did not end within 100ms after that") {
			t.Errorf("the step is %s: %s", step.Status, step.Error.Message)
		}
	})
	for name, isolate := range map[string]executor{"of its step": processes.Steps, "of its run": processes.Whole} {
		t.Run("after the cancellation "+name, func(t *testing.T) {
			t.Parallel()
			got := cancelled(t, isolate, short, "stubborn")
			step, _ := got.record.Step("stubborn")
			if got.record.Status != history.StatusCancelled || step.Status != history.StepStatusCancelled || !errors.Is(got.err, runs.ErrCancelled) ||
				!strings.Contains(got.err.Error(), "the process was killed: it did not end within 100ms of its cancellation") {
				t.Errorf("the run is %s, the step %s: %v", got.record.Status, step.Status, got.err)
			}
		})
		t.Run("after the timeout "+name+" and its run", func(t *testing.T) {
			t.Parallel()
			got := run(t, isolate, short, runs.Request{Selection: "stubborn", Timeout: 500 * time.Millisecond})
			if got.record.Status != history.StatusFailed || !errors.Is(got.err, runs.ErrTimedOut) || !strings.Contains(got.err.Error(), "the process was killed") {
				t.Errorf("the run is %s: %v", got.record.Status, got.err)
			}
		})
	}
}

// cancelled cancels a run when its step is running.
func cancelled(t *testing.T, isolate executor, config processes.Config, selection string) ran {
	t.Helper()
	folder := t.TempDir()
	launcher := launcher(t, isolate, config, folder)
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: selection})
	if err != nil {
		t.Fatal(err)
	}
	awaitFile(t, filepath.Join(folder, "running"))
	handle.Cancel("the test asks for it")
	return outcome(t, launcher, handle, folder)
}

func TestACancelledProcessStopsItsResources(t *testing.T) {
	t.Parallel()
	for name, isolate := range map[string]executor{"of a step": processes.Steps, "of a run": processes.Whole} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := cancelled(t, isolate, processes.Config{}, "patient")
			step, _ := got.record.Step("patient")
			if got.record.Status != history.StatusCancelled || step.Status != history.StepStatusCancelled || !strings.HasPrefix(got.record.Error.Message, "cancelled: the test asks for it") {
				t.Errorf("the run is %s, the step %s: %s", got.record.Status, step.Status, got.record.Error.Message)
			}
			if strings.Count(got.record.Error.Message, "\ncancelled") > 0 {
				t.Errorf("the cause stands twice: %s", got.record.Error.Message)
			}
			_ = read(t, filepath.Join(got.folder, "stopped"))
		})
	}
	t.Run("after a SIGTERM to the process itself", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		launcher := launcher(t, processes.Steps, processes.Config{}, folder)
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "patient"})
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(awaitFile(t, filepath.Join(folder, "running")), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		got := outcome(t, launcher, handle, folder)
		if got.record.Status != history.StatusFailed || !strings.Contains(got.record.Error.Message, "asked to end by the signal SIGTERM") {
			t.Errorf("the run is %s: %s", got.record.Status, got.record.Error.Message)
		}
		_ = read(t, filepath.Join(folder, "stopped"))
	})
}

// awaitFile waits for a file with the number of a process.
func awaitFile(t *testing.T, name string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		text, err := os.ReadFile(name)
		if number, wrong := strconv.Atoi(string(text)); err == nil && wrong == nil {
			return number
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("there is no %s", name)
		}
	}
}

// awaitEnd waits until a process has ended.
func awaitEnd(t *testing.T, number int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", number))
		if _, after, _ := strings.Cut(string(status), ") "); err != nil || strings.HasPrefix(after, "Z") {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("process %d goes on", number)
		}
	}
}

func TestWhatAStepHasStartedEndsWithIt(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("only Linux can end the group of a process that has ended")
	}
	got := run(t, processes.Steps, processes.Config{}, runs.Request{Selection: "spawns"})
	if got.err != nil {
		t.Fatal(got.err)
	}
	awaitEnd(t, awaitFile(t, filepath.Join(got.folder, "spawned")))
}

const (
	folderVariable   = "FXRUN_TEST_FOLDER"
	isolateVariable  = "FXRUN_TEST_ISOLATE"
	selectedVariable = "FXRUN_TEST_SELECTED"
)

// TestLaunchingProcess is the process that other tests kill.
func TestLaunchingProcess(t *testing.T) {
	folder := os.Getenv(folderVariable)
	if folder == "" {
		t.Skip("only to be run by other tests")
	}
	isolate := map[string]executor{"step": processes.Steps, "run": processes.Whole}[os.Getenv(isolateVariable)]
	grace := time.Minute
	if os.Getenv(selectedVariable) == "stubborn" { // which never ends by itself
		grace = time.Second
	}
	store := sqlite.NewFolder(folder)
	launcher, err := newLauncher(runs.LauncherConfig{
		Executor: isolate(processes.Config{Grace: grace, Args: []string{processes.Argument, "own", folder}}),
		Store:    store, Locks: filelocks.New(filepath.Join(folder, "locks")),
	}, folder)
	if err != nil {
		t.Fatal(err)
	}
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: os.Getenv(selectedVariable)})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("launched")
	_ = handle.Wait(t.Context()) // until the process is killed
}

func TestNoProcessOutlivesTheOneThatHasStartedIt(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("only Linux tells about processes of others")
	}
	for _, isolate := range []string{"step", "run"} {
		for _, c := range []struct {
			selection, while string
			held             bool
		}{
			{"patient", "", false},
			{"stubborn", "", false},
			{"patient", " while others have its pipes", true},
		} {
			selection := c.selection
			t.Run("the process of a "+isolate+" with a "+selection+" step, after kill -9"+c.while, func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				parent := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLaunchingProcess$")
				parent.Env = append(os.Environ(), folderVariable+"="+folder, isolateVariable+"="+isolate, selectedVariable+"="+selection)
				output, err := parent.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := parent.Start(); err != nil {
					t.Fatal(err)
				}
				for lines := bufio.NewScanner(output); lines.Scan() && lines.Text() != "launched"; {
				}
				child := awaitFile(t, filepath.Join(folder, "running"))
				if child == parent.Process.Pid {
					t.Fatal("the step has no process of its own")
				}
				if c.held {
					holdPipes(t, parent.Process.Pid)
				}
				if err := parent.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				_ = parent.Wait() // which says that it was killed
				awaitEnd(t, child)
				if _, err := os.Stat(filepath.Join(folder, "stopped")); (err == nil) != (selection == "patient") {
					t.Errorf("the marker of the stopped resource: %v", err)
				}
			})
		}
	}
}

// holdPipes opens the pipes of a process until the end of the test. Processes at their other ends
// are then told of its end by the kernel only.
func holdPipes(t *testing.T, pid int) {
	t.Helper()
	found, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, name := range found {
		target, err := os.Readlink(name)
		if err != nil || !strings.HasPrefix(target, "pipe:") {
			continue
		}
		for _, mode := range []int{syscall.O_RDONLY, syscall.O_WRONLY} { // both ends of each
			file, err := os.OpenFile(name, mode|syscall.O_NONBLOCK, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = file.Close() })
			held++
		}
	}
	if held < 8 { // two for orders and reports, and two for the output
		t.Fatalf("%d ends of pipes are held", held)
	}
}

func TestAProgramIsNoWorkerByHand(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"suite", "x"}, {"own", "x", "3", "4"}, {"own", "x", "0", "1"}} {
		command := exec.CommandContext(t.Context(), os.Args[0], append([]string{processes.Argument}, args...)...)
		out, err := command.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "this command is started by a run, and not by hand") {
			t.Errorf("%q: %v, %s", args, err, out)
		}
	}
}

func BenchmarkSteps(b *testing.B) {
	folder := b.TempDir()
	launcher := launcher(b, processes.Steps, processes.Config{}, folder)
	for b.Loop() {
		handle, err := launcher.Launch(b.Context(), runs.Request{Selection: "small"})
		if err != nil {
			b.Fatal(err)
		}
		if err := handle.Wait(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

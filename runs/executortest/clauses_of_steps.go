package executortest

import (
	"fmt"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

type (
	made  struct{ Number int }
	taken struct{ Number int }
)

func values(t tester, subject Subject) {
	got := execute(t, subject, "",
		step{key: "made", fn: func() made { return made{41} }},
		step{key: "taken", fn: func(m made) (taken, error) {
			if m.Number != 41 {
				return taken{}, fmt.Errorf("got %d, want 41", m.Number)
			}
			return taken{m.Number + 1}, nil
		}})
	if got.run != nil {
		t.Errorf("the run has failed: %v", got.run)
	}
	var stored []string
	for _, event := range got.events {
		if data, ok := event.Data.(history.AssetMaterialized); ok {
			stored = append(stored, data.Asset+" by "+data.IOManager)
		}
	}
	if diff := cmp.Diff([]string{"made by io_manager", "taken by io_manager"}, stored); diff != "" {
		t.Errorf("materialized (-want +got):\n%s", diff)
	}
}

func retries(t tester, subject Subject) {
	got := execute(t, subject, "",
		step{key: "second", options: []assets.Option{assets.Retry(2, nil)}, fn: func(step *assets.Context) error {
			if step.Attempt() < 2 {
				return errFirst
			}
			return nil
		}},
		step{key: "never", options: []assets.Option{assets.Retry(1, nil)}, do: failing(errSecond)})
	var lines []string
	for _, event := range got.events {
		switch data := event.Data.(type) { //nolint:gochecksumtype // the others say nothing of attempts
		case history.StepStarted:
			lines = append(lines, fmt.Sprintf("%s: attempt %d", data.Step, data.Attempt))
		case history.StepFailed:
			lines = append(lines, fmt.Sprintf("%s: attempt %d failed, retry %t", data.Step, data.Attempt, data.Retry))
		}
	}
	want := map[string]int{
		"second: attempt 1": 1, "second: attempt 1 failed, retry true": 1, "second: attempt 2": 1,
		"never: attempt 1": 1, "never: attempt 1 failed, retry true": 1, "never: attempt 2": 1, "never: attempt 2 failed, retry false": 1,
	}
	if diff := cmp.Diff(want, counted(lines)); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	if !subject.returns(got.executed, errSecond) || subject.returns(got.executed, errFirst) {
		t.Errorf("the error is %v, want that of the step that failed in the end", got.executed)
	}
}

func counted(lines []string) map[string]int {
	counts := make(map[string]int)
	for _, line := range lines {
		counts[line]++
	}
	return counts
}

// limits is the config of a step.
type limits struct{ Rows int }

func told(t tester, subject Subject) {
	request := runs.Request{
		Selection: "*", Tags: map[string]string{"why": "the suite"},
		Config: container.RunConfig{
			Resources: map[string]any{"service": container.Fields{"table": "orders"}},
			Steps:     map[string]any{"step": container.Fields{"rows": 7}},
		},
	}
	got := launch(t, subject, request, "", step{
		key: "step", options: []assets.Option{assets.Config(limits{})},
		fn: func(step *assets.Context, service *service, config limits) error {
			run := step.Run()
			step.Logger().Info("told", "run", run.ID, "why", run.Tags["why"], "launched", !run.Launched.IsZero(), "step", run.Step,
				"table", service.config.Table, "rows", config.Rows)
			return nil
		},
	})
	want := fmt.Sprintf("[{run %s} {why the suite} {launched true} {step step} {table orders} {rows 7}]", got.id)
	if said := fmt.Sprint(got.said("told")); said != want || got.run != nil {
		t.Errorf("the step was told %s, want %s; the run's error is %v", said, want, got.run)
	}
}

func said(t tester, subject Subject) {
	got := execute(t, subject, "", step{key: "step", fn: func(step *assets.Context) error {
		step.Logger().Info("said", "count", 3)
		step.AddMetadata("rows", 5)
		step.Progress(5, 5)
		return nil
	}})
	if values := fmt.Sprint(got.said("said")); values != "[{count 3}]" {
		t.Errorf("the line of the step has %s, want [{count 3}]", values)
	}
	var metadata string
	progress := fmt.Sprint(got.progress.Rows)
	if subject.Shared { // it stands in the record of the running step, which the observer is not told of
		progress = "5"
	}
	for _, event := range got.events {
		switch data := event.Data.(type) { //nolint:gochecksumtype // the others say nothing of the step
		case history.AssetMaterialized:
			metadata = fmt.Sprint(data.Metadata)
		}
	}
	if metadata != "map[rows:5]" || progress != "5" {
		t.Errorf("the metadata is %s, want map[rows:5], and the progress %s, want 5", metadata, progress)
	}
}

// said returns the attributes of a line that a step logged.
func (o outcome) said(message string) history.Attrs {
	for _, event := range o.events {
		if line, ok := event.Data.(history.LogWritten); ok && line.Message == message && line.Step == "step" {
			return line.Attrs
		}
	}
	return nil
}

func stopped(t tester, subject Subject) {
	got := execute(t, subject, "",
		step{key: "one", fn: func(*session) error { return nil }},
		step{key: "two", fn: func(*session, *service) error { return errFirst }})
	open := make(map[string]int)
	for _, event := range got.events {
		switch data := event.Data.(type) { //nolint:gochecksumtype // the others are of no resource
		case history.ResourceStarted:
			open[data.Resource+" "+data.Step]++
		case history.ResourceStopped:
			open[data.Resource+" "+data.Step]--
		}
	}
	if len(open) < 3 {
		t.Errorf("the history tells of %d resources, want at least 3", len(open))
	}
	for resource, count := range open {
		if count != 0 {
			t.Errorf("%s was started %d times more than it was stopped", resource, count)
		}
	}
}

// failure returns why a step failed.
func (o outcome) failure(key string) history.Failure {
	for _, event := range o.events {
		if failed, ok := event.Data.(history.StepFailed); ok && failed.Step == key {
			return failed.Error
		}
	}
	return history.Failure{}
}

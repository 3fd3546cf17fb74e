package fxruntest

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// Result holds the record, the events and the values of a run.
type Result struct {
	// Record is the record of the run in the history. It has the status of the run
	// and of each step.
	Record history.Record
	// Events are the run's events, in order. They include the progress of steps, which no
	// log of a run keeps.
	Events []history.Event

	host *host
}

// Value returns the value of the asset whose type is T. If there is no such asset,
// or more than one, the test ends. [ValueOf] takes the key of the asset instead.
func Value[T any](t testing.TB, result *Result) T {
	t.Helper()
	want := reflect.TypeFor[T]()
	var keys []string
	for _, asset := range result.host.Graph.Assets() {
		if _, output, err := result.host.Graph.Asset(asset.Key); err == nil && output.Type == want {
			keys = append(keys, asset.Key)
		}
	}
	if len(keys) != 1 {
		var some string
		if len(keys) > 1 {
			some = ", but " + strings.Join(keys, ", ") + ": say which by fxruntest.ValueOf"
		}
		t.Fatalf("there is not one asset of type %s%s", want, some)
	}
	return ValueOf[T](t, result, keys[0])
}

// ValueOf returns the value of an asset. T is the type that its function returns,
// or the same rows in another form, such as a slice for a stream.
func ValueOf[T any](t testing.TB, result *Result, asset string) T {
	t.Helper()
	value, err := runs.Value[T](context.WithoutCancel(t.Context()), result.host.Launcher, asset)
	if err != nil {
		t.Fatalf("the value of %s: %v", asset, err)
	}
	return value
}

// Statuses are the statuses of the run's steps.
func (r *Result) Statuses() map[string]history.StepStatus {
	statuses := make(map[string]history.StepStatus, len(r.Record.Steps))
	for _, step := range r.Record.Steps {
		statuses[step.Key] = step.Status
	}
	return statuses
}

// Materialization returns what the run recorded when it stored the asset. It
// returns false if the run did not store it. Numbers in the metadata are of type
// json.Number.
func (r *Result) Materialization(asset string) (history.AssetMaterialized, bool) {
	for _, event := range r.Events {
		if data, ok := event.Data.(history.AssetMaterialized); ok && data.Asset == asset {
			return data, true
		}
	}
	return history.AssetMaterialized{}, false
}

// EventsOf returns the events of the run whose data is a T, in order:
// EventsOf[history.StepFailed](result).
func EventsOf[T history.EventData](result *Result) []T {
	var found []T
	for _, event := range result.Events {
		if data, ok := event.Data.(T); ok {
			found = append(found, data)
		}
	}
	return found
}

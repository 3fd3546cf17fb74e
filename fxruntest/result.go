package fxruntest

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/runs"

	"github.com/fxrun/fxrun/assets"
)

// Result is what a run left behind.
type Result struct {
	// Record is what the history says about the run: its status, and that of
	// each step.
	Record runs.Record
	// Events are the run's events, in order.
	Events []runs.Event

	host *host
}

// Value returns the value of the asset whose type is T. The test ends if there
// is none, or more than one: [ValueOf] says which.
func Value[T any](t testing.TB, result *Result) T {
	t.Helper()
	want := reflect.TypeFor[T]()
	var keys []string
	for _, value := range result.host.Graph.Values() {
		if value.Type == want && value.Kind == assets.KindAsset {
			keys = append(keys, value.Key)
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

// ValueOf returns the value of an asset, as the type that its function returns
// or as the same rows in another form: a slice for a stream.
func ValueOf[T any](t testing.TB, result *Result, asset string) T {
	t.Helper()
	value, err := runs.Value[T](context.WithoutCancel(t.Context()), result.host.Launcher, asset)
	if err != nil {
		t.Fatalf("the value of %s: %v", asset, err)
	}
	return value
}

// Statuses are the statuses of the run's steps.
func (r *Result) Statuses() map[string]runs.StepStatus {
	statuses := make(map[string]runs.StepStatus, len(r.Record.Steps))
	for _, step := range r.Record.Steps {
		statuses[step.Key] = step.Status
	}
	return statuses
}

// Materialization returns what the run recorded about an asset that it stored;
// false if it stored none. Numbers in its metadata are of type json.Number.
func (r *Result) Materialization(asset string) (runs.AssetMaterialized, bool) {
	for _, event := range r.Events {
		if data, ok := event.Data.(runs.AssetMaterialized); ok && data.Asset == asset {
			return data, true
		}
	}
	return runs.AssetMaterialized{}, false
}

// EventsOf are those of the run's events whose data is a T, in order:
// EventsOf[runs.StepFailed](result).
func EventsOf[T runs.EventData](result *Result) []T {
	var found []T
	for _, event := range result.Events {
		if data, ok := event.Data.(T); ok {
			found = append(found, data)
		}
	}
	return found
}

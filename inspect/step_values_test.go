package inspect_test

import (
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/inspect"
)

func TestStepValues(t *testing.T) {
	t.Parallel()
	happened := func(data history.EventData) history.Event {
		return history.Event{RunID: "r1", Time: time.Now(), Data: data}
	}
	made := func(step, asset string, size int64) history.Event {
		return happened(history.AssetMaterialized{Step: step, Asset: asset, Size: size})
	}
	store := history.NewMemoryStore()
	_, err := store.Append(t.Context(), happened(history.RunQueued{Steps: []string{"orders", "split"}}),
		happened(history.RunStarting{}), happened(history.RunStarted{}),
		happened(history.StepStarted{Step: "orders", Attempt: 1}), happened(history.StepStarted{Step: "split", Attempt: 1}),
		made("orders", "orders", 1), made("split", "left", 2), made("split", "right", 3),
		happened(history.StepFailed{Step: "orders", Attempt: 1, Retry: true}), happened(history.StepStarted{Step: "orders", Attempt: 2}),
		made("orders", "orders", 4), happened(history.LogWritten{Message: "done"}))
	if err != nil {
		t.Fatal(err)
	}
	values, err := inspect.New(nil, nil, store).StepValues(t.Context(), "r1")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("a later attempt takes the place of an earlier one", func(t *testing.T) {
		want := inspect.StepValues{
			"orders": {{Step: "orders", Asset: "orders", Size: 4}},
			"split":  {{Step: "split", Asset: "left", Size: 2}, {Step: "split", Asset: "right", Size: 3}},
		}
		if diff := cmp.Diff(want, values); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a step that is called as its one asset owns it", func(t *testing.T) {
		if value, ok := values.Own("orders"); !ok || value.Size != 4 {
			t.Errorf("got %+v, %v", value, ok)
		}
		if value, ok := values.Own("split"); ok {
			t.Errorf("split makes two, got %+v", value)
		}
	})
}

package inspect_test

import (
	"testing"

	"github.com/fxrun/fxrun/history"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/inspect"
)

func TestStepValues(t *testing.T) {
	t.Parallel()
	made := func(step, asset string, size int64) history.Event {
		return history.Event{Data: history.AssetMaterialized{Step: step, Asset: asset, Size: size}}
	}
	values := inspect.ValuesOf([]history.Event{
		made("orders", "orders", 1), made("split", "left", 2), made("split", "right", 3), made("orders", "orders", 4),
		{Data: history.StepSucceeded{Step: "orders"}},
	})
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

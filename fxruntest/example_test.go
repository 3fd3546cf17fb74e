package fxruntest_test

import (
	"fmt"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/runs"
)

// A test materializes what it is about, with a fake for the shop and without
// computing what lies upstream.
func ExampleMaterialize() {
	TestRevenue := func(t *testing.T) {
		result := fxruntest.Materialize(t, "revenue", definitions(),
			fx.Replace(&shop{}),
			fxruntest.Given("orders", []order{{ID: 1, Cents: 250}}))
		if got := fxruntest.Value[revenue](t, result); got != 250 {
			t.Errorf("got %d", got)
		}
		for _, failed := range fxruntest.EventsOf[runs.StepFailed](result) {
			t.Errorf("%s failed", failed.Step)
		}
	}
	fmt.Println(TestRevenue != nil)
	// Output: true
}

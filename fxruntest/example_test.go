package fxruntest_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/exampletest"
	"github.com/fxrun/fxrun/runs"
)

// A fake stands in for the shop, whose constructor would fail here and whose
// password nobody gives.
func ExampleMaterialize() {
	t := exampletest.New() // func TestRevenue(t *testing.T)
	defer t.End()
	result := fxruntest.Materialize(t, "+revenue", definitions(), fx.Replace(&shop{cents: []int{250, 350}}))
	fmt.Println(fxruntest.Value[revenue](t, result), result.Record.Status)
	// Output: 600 succeeded
}

// What lies upstream need not be computed: its value may be given.
func ExampleGiven() {
	t := exampletest.New()
	defer t.End()
	result := fxruntest.Materialize(t, "published", definitions(), fxruntest.Given("revenue", revenue(7)))
	fmt.Println(fxruntest.Value[published](t, result))
	// Output: 7
}

// A run that fails is there to be looked at.
func ExampleTry() {
	t := exampletest.New()
	defer t.End()
	result, err := fxruntest.Try(t, runs.Request{Selection: "published"}, definitions(), fxruntest.Given("revenue", revenue(0)))
	fmt.Println(err)
	for _, failed := range fxruntest.EventsOf[history.StepFailed](result) {
		fmt.Println(failed.Step, "failed in attempt", failed.Attempt)
	}
	// Output:
	// materializing published: nothing to publish
	// published failed in attempt 1
}

// One function runs by itself, as an asset would run it.
func ExampleCall() {
	t := exampletest.New()
	defer t.End()
	double := func(ctx context.Context, step *assets.Context, cents revenue) (revenue, error) {
		step.AddMetadata("doubled", true)
		return 2 * cents, nil
	}
	fmt.Println(fxruntest.Call[revenue](t, double, fx.Supply(revenue(21))))
	// Output: 42
}

func ExampleRunJob() {
	t := exampletest.New()
	defer t.End()
	result := fxruntest.RunJob(t, "cleanup", definitions(), fx.Replace(&shop{cents: []int{1}}))
	fmt.Println(result.Statuses()["delete"])
	// Output: succeeded
}

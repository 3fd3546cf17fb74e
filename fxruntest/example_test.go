package fxruntest_test

import (
	"context"
	"fmt"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/runs"
)

// printing stands for a test's *testing.T, which an Example has not.
type printing struct {
	testing.TB
	cleanups *[]func()
}

func inTest() printing { return printing{cleanups: new([]func())} }

func (printing) Helper()                           {}
func (printing) Context() context.Context          { return context.Background() }
func (printing) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (p printing) Cleanup(f func())                { *p.cleanups = append(*p.cleanups, f) }

func (p printing) end() {
	for _, cleanup := range *p.cleanups {
		cleanup()
	}
}

// A fake stands in for the shop, whose constructor would fail here and whose
// password nobody gives.
func ExampleMaterialize() {
	t := inTest() // func TestRevenue(t *testing.T)
	defer t.end()
	result := fxruntest.Materialize(t, "+revenue", definitions(), fx.Replace(&shop{cents: []int{250, 350}}))
	fmt.Println(fxruntest.Value[revenue](t, result), result.Record.Status)
	// Output: 600 succeeded
}

// What lies upstream need not be computed: its value may be given.
func ExampleGiven() {
	t := inTest()
	defer t.end()
	result := fxruntest.Materialize(t, "published", definitions(), fxruntest.Given("revenue", revenue(7)))
	fmt.Println(fxruntest.Value[published](t, result))
	// Output: 7
}

// A run that fails is there to be looked at.
func ExampleTry() {
	t := inTest()
	defer t.end()
	result, err := fxruntest.Try(t, runs.Request{Selection: "published"}, definitions(), fxruntest.Given("revenue", revenue(0)))
	fmt.Println(err)
	for _, failed := range fxruntest.EventsOf[runs.StepFailed](result) {
		fmt.Println(failed.Step, "failed in attempt", failed.Attempt)
	}
	// Output:
	// materializing published: nothing to publish
	// published failed in attempt 1
}

// One function runs by itself, as an asset would run it.
func ExampleCall() {
	t := inTest()
	defer t.end()
	double := func(ctx context.Context, step *assets.Context, cents revenue) (revenue, error) {
		step.AddMetadata("doubled", true)
		return 2 * cents, nil
	}
	fmt.Println(fxruntest.Call[revenue](t, double, fx.Supply(revenue(21))))
	// Output: 42
}

func ExampleRunJob() {
	t := inTest()
	defer t.end()
	result := fxruntest.RunJob(t, "cleanup", definitions(), fx.Replace(&shop{cents: []int{1}}))
	fmt.Println(result.Statuses()["delete"])
	// Output: succeeded
}

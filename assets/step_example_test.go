package assets_test

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/exampletest"
	"github.com/fxrun/fxrun/runs"
)

type (
	Sale     struct{ Shop, Item string }
	Sales    []Sale
	Returned []Sale
)

// Split is what one function makes: each field is an asset, its name tag the
// asset's key.
type Split struct {
	fx.Out
	Sales    Sales    `name:"shop/sales"`
	Returned Returned `name:"shop/returned"`
}

// One function makes two assets, which are stored together or not at all.
func ExampleNew_several() {
	t := exampletest.New()
	defer t.End()
	result := fxruntest.Materialize(t, "+rate",
		assets.New("split", func() (Split, error) {
			return Split{Sales: Sales{{"north", "tea"}, {"north", "milk"}}, Returned: Returned{{"north", "milk"}}}, nil
		}, assets.ForOutput("shop/returned", assets.Describe("what came back"))),
		assets.New("rate", func(sales Sales, returned Returned) float64 {
			return float64(len(returned)) / float64(len(sales))
		}))
	for _, materialized := range fxruntest.EventsOf[history.AssetMaterialized](result) {
		fmt.Println(materialized.Asset, "by step", materialized.Step)
	}
	fmt.Println(fxruntest.ValueOf[float64](t, result, "rate"))
	// Output:
	// shop/sales by step split
	// shop/returned by step split
	// rate by step rate
	// 0.5
}

// A stream is stored while it is produced, and read while it is ranged over: at
// no time are all of its rows in memory. Who takes it may ask for another form.
func ExampleNew_streams() {
	t := exampletest.New()
	defer t.End()
	result := fxruntest.Materialize(t, "*",
		assets.New("sales", func() iter.Seq2[Sale, error] {
			return func(yield func(Sale, error) bool) {
				for i := range 10_000 {
					if !yield(Sale{Shop: fmt.Sprint("shop", i%3)}, nil) {
						return
					}
				}
			}
		}),
		assets.New("by_shop", func(sales iter.Seq2[Sale, error]) (map[string]int, error) {
			counts := make(map[string]int)
			for sale, err := range sales {
				if err != nil {
					return nil, err
				}
				counts[sale.Shop]++
			}
			return counts, nil
		}),
		assets.New("first", func(sales []Sale) string { return sales[0].Shop }))
	fmt.Println(fxruntest.ValueOf[map[string]int](t, result, "by_shop"), fxruntest.ValueOf[string](t, result, "first"))
	// Output: map[shop0:3334 shop1:3333 shop2:3333] shop0
}

// OldFiles is what one op tells the next.
type OldFiles []string

// A job of ops does things rather than making assets. Ops are wired by type too.
func ExampleNewOp() {
	t := exampletest.New()
	defer t.End()
	result := fxruntest.RunJob(t, "cleanup", assets.NewJob("cleanup",
		assets.NewOp("find", func() (OldFiles, error) { return OldFiles{"a.txt", "b.txt"}, nil }),
		assets.NewOp("delete", func(files OldFiles) error {
			fmt.Println("deleting", files)
			return nil
		}),
	))
	for _, step := range result.Record.Steps {
		fmt.Println(step.Key, step.Status)
	}
	// Output:
	// deleting [a.txt b.txt]
	// find succeeded
	// delete succeeded
}

// ReportConfig is the config of a step, at launch under steps.report.config.
type ReportConfig struct {
	Title string `default:"Sales"`
	Rows  int
}

func ExampleConfig() {
	report := assets.New("report",
		func(cfg ReportConfig) string { return fmt.Sprintf("%s, %d rows", cfg.Title, cfg.Rows) },
		assets.Config(ReportConfig{Rows: 20}, container.FromEnv("REPORT")))

	t := exampletest.New()
	defer t.End()
	config, err := container.ParseRunConfig([]byte(`steps: {report: {config: {rows: 3}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	result := fxruntest.Materialize(t, "report", report, fxruntest.Config(config))
	fmt.Println(fxruntest.Value[string](t, result))

	config, err = config.Set("steps.report.config.rwos", "4")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = fxruntest.Try(t, runs.Request{Selection: "report"}, report, fxruntest.Config(config))
	fmt.Println(err)
	// Output:
	// Sales, 3 rows
	// checking the launch: steps.report.config.rwos: there is no such field, did you mean "rows"?
}

// An attempt that fails is tried again, but for an error that no further
// attempt would mend.
func ExampleRetry() {
	t := exampletest.New()
	defer t.End()
	fetch := func(step *assets.Context) (string, error) {
		switch step.Attempt() {
		case 1:
			return "", errors.New("the shop is busy")
		default:
			return "", assets.Permanent(errors.New("the shop is closed for good"))
		}
	}
	result, err := fxruntest.Try(t, runs.Request{Selection: "fetched"},
		assets.New("fetched", fetch, assets.Retry(5, backoff.Exponential(time.Millisecond, time.Second)), assets.Timeout(time.Minute)))
	for _, failed := range fxruntest.EventsOf[history.StepFailed](result) {
		fmt.Println("attempt", failed.Attempt, "failed:", failed.Error.Message, "- again:", failed.Retry)
	}
	fmt.Println(err)
	// Output:
	// attempt 1 failed: the shop is busy - again: true
	// attempt 2 failed: the shop is closed for good - again: false
	// materializing fetched, attempt 2 of 6: the shop is closed for good
}

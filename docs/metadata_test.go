package docs_test

import (
	"fmt"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/fxruntest"
)

type Average float64

func ComputeAverage(step *assets.Context, rain Rain) Average {
	var sum float64
	for _, shower := range rain {
		sum += shower.MM
	}
	step.AddMetadata("days", len(rain))
	step.AddMetadata("source", "station 7")
	return Average(sum / float64(len(rain)))
}

var averages = fx.Options(
	assets.New("rain", MeasureRain),
	assets.New("rain/average", ComputeAverage,
		assets.Describe("mean rainfall in millimetres"),
		assets.Owners("climate@example.org"),
		assets.Tags("daily"),
		assets.CodeVersion("2"),
	),
)

func TestAverageSaysWhatItIsMadeOf(t *testing.T) {
	result := fxruntest.Materialize(t, "rain/average", averages,
		fxruntest.Given("rain", Rain{{"Mon", 2}, {"Tue", 4}})) // the upstream value is not computed
	materialized, ok := result.Materialization("rain/average")
	if !ok || fmt.Sprint(materialized.Metadata["days"]) != "2" || materialized.CodeVersion != "2" {
		t.Error(materialized)
	}
	if got := fxruntest.Value[Average](t, result); got != 3 {
		t.Error(got)
	}
}

package docs_test

import (
	"fmt"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/rows"
	"github.com/fxrun/fxrun/runs"
)

// Sample is a row.
type Sample struct {
	Station string
	Degrees float64
}

// FetchSamples yields one row after the other. If there is an error, it yields the
// error once, at the end.
func FetchSamples(meter *Meter) rows.Seq[Sample] {
	return func(yield func(Sample, error) bool) {
		for i := range meter.Count {
			if i == meter.BreaksAt {
				yield(Sample{}, fmt.Errorf("the meter broke after %d samples", i))
				return
			}
			if !yield(Sample{Station: fmt.Sprint("station", i%3), Degrees: float64(i % 30)}, nil) {
				return
			}
		}
	}
}

// Hottest reads the rows while they are loaded. It keeps only one number for each
// station.
func Hottest(samples rows.Seq[Sample]) (map[string]float64, error) {
	hottest := make(map[string]float64)
	for sample, err := range samples {
		if err != nil {
			return nil, err
		}
		hottest[sample.Station] = max(hottest[sample.Station], sample.Degrees)
	}
	return hottest, nil
}

// Above takes batches of samples, and returns batches of the hot ones.
func Above(samples iter.Seq2[[]Sample, error]) (iter.Seq2[[]Hot, error], error) {
	hot := func(yield func(Hot, error) bool) {
		for sample, err := range rows.Each(samples) {
			if err != nil {
				yield(Hot{}, err)
				return
			}
			if sample.Degrees > 25 && !yield(Hot(sample), nil) {
				return
			}
		}
	}
	return rows.Batch(hot, rows.Size), nil
}

// Hot is a row of another asset, so that the type says which is meant.
type Hot Sample

// Meter is a resource.
type Meter struct{ Count, BreaksAt int }

func meteredAssets() fx.Option {
	return assets.Set(
		assets.New("samples", FetchSamples, assets.Format("csv")),
		assets.New("hottest", Hottest),
		assets.New("hot", Above, assets.Format("jsonl")),
		assets.New("first", func(samples []Sample) Sample { return samples[0] }),
	)
}

func TestStreams(t *testing.T) {
	t.Parallel()
	result := fxruntest.Materialize(t, "*", meteredAssets(), fx.Supply(&Meter{Count: 90_000, BreaksAt: -1}))
	want := map[string]float64{"station0": 27, "station1": 28, "station2": 29}
	if diff := cmp.Diff(want, fxruntest.ValueOf[map[string]float64](t, result, "hottest")); diff != "" {
		t.Error(diff)
	}
	if hot := fxruntest.ValueOf[[]Hot](t, result, "hot"); len(hot) != 12_000 {
		t.Errorf("%d samples are hot", len(hot))
	}
	progress := fxruntest.EventsOf[history.StepProgress](result)
	if len(progress) == 0 {
		t.Error("nobody told how far it came")
	}

	_, err := fxruntest.Try(t, runs.Request{Selection: "samples"}, meteredAssets(), fx.Supply(&Meter{Count: 10, BreaksAt: 7}))
	if err == nil || err.Error() != "materializing samples: storing samples: the stream ends after 7 rows: the meter broke after 7 samples" {
		t.Error(err)
	}
}

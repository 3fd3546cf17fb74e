package runs_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

func TestParseLimits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]runs.Limits{
		"":            {},
		`{"runs": 4}`: {Runs: 4},
		"runs: 4\n":   {Runs: 4},
		"{pools: {a: 2}, tags: {team=sales: 2, customer: 1, x=y=z: 3}}": {
			Pools: map[string]int{"a": 2},
			Tags:  []runs.TagLimit{{Key: "customer", Runs: 1}, {Key: "team", Value: "sales", Runs: 2}, {Key: "x", Value: "y=z", Runs: 3}},
		},
	} {
		got, err := runs.ParseLimits(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q gives %v %s", text, err, diff)
		}
	}
	for _, text := range []string{"4", "{run: 4}", "{runs: many}", "{runs: 1.5}", "{tags: {a: 1, a: 2}}", "{"} {
		if got, err := runs.ParseLimits(text); !errors.Is(err, container.ErrInvalid) {
			t.Errorf("%q gives %+v, %v", text, got, err)
		}
	}
}

func FuzzParseLimits(f *testing.F) {
	f.Add("{runs: 4, tags: {team=sales: 2}, pools: {warehouse: 3}}")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := runs.ParseLimits(text); err != nil && !errors.Is(err, container.ErrInvalid) {
			t.Errorf("%q gives %v", text, err)
		}
	})
}

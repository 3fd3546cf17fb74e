package runs_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

func TestParseLimits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]runs.Limits{
		"":            {},
		"# none":      {},
		"tags:":       {},
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

func TestParseLimitsNamesAllFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"{run: 4, tags: {customer: x}, pools: {warehouse: 1.5}}": {
			`run: unknown, did you mean "runs"?`, `tags.customer: it must be a whole number, such as 4; it is "x"`, `pools.warehouse: it must be a whole number`,
		},
		"{runs: 010}":                  {`runs: it must be a whole number, such as 4; it is "010"`},
		"{tags: {team=: 2}}":           {"tags.team=: its value is missing: write team=VALUE, or team for each value of the tag"},
		"[]":                           {"it must look like {runs: 4"},
		"{tags: 3}":                    {"tags: it must be a map from names to whole numbers"},
		"{runs: 99999999999999999999}": {"runs: it must be a whole number"},
		"{runs: }":                     {"runs: it must be a whole number"},
		"{runs: [1]}":                  {"runs: it must be a whole number"},
		"{pools: {a: 1, a: 2}}":        {`mapping key "a" already defined`},
		"{runs: 4}, pools: {a: 3}":     {"it must look like {runs: 4"},
		"{runs: 4}, {tags: {a=b: 2}}":  {"it must look like {runs: 4"},
		"{runs: 4} x":                  {"it must look like {runs: 4"},
		"runs: 4\n---\nruns: 1":        {"there is more than one document"},
		"{runs: 1, runs: 2}":           {`mapping key "runs" already defined`},
	} {
		_, err := runs.ParseLimits(text)
		if err == nil {
			t.Errorf("%s is accepted", text)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s gives %v, want %q", text, err, part)
			}
		}
		if strings.Contains(err.Error(), "yaml.") || strings.Contains(err.Error(), "struct") {
			t.Errorf("%s gives the names of Go types: %v", text, err)
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

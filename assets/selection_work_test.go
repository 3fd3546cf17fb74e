package assets_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// TestASelectionTakesOnlySoMuchWork selects from a chain of a thousand assets.
func TestASelectionTakesOnlySoMuchWork(t *testing.T) {
	t.Parallel()
	c, err := container.New()
	if err != nil {
		t.Fatal(err)
	}
	var chain []assets.Definition
	var keys []string
	for n := range 1000 {
		var options []assets.Option
		if n > 0 {
			options = append(options, assets.After(keys[n-1]))
		}
		keys = append(keys, fmt.Sprintf("a%03d", n))
		chain = append(chain, assets.New(keys[n], func() error { return nil }, options...))
	}
	graph, err := assets.NewGraph(c, chain...)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		expression string
		isRefused  bool
	}{
		"the keys of all assets, ten times":  {strings.Repeat(strings.Join(keys, " or ")+" or ", 10) + "a000", false},
		"a hundred terms with a plus":        {strings.Repeat("+a999 or ", 100) + "a000", false},
		"very many terms with a plus":        {strings.Repeat("+a999 or ", 100_000) + "a000", true},
		"very many patterns":                 {strings.Repeat("a* or ", 100_000) + "a000", true},
		"very many negations":                {strings.Repeat("not a000 and ", 100_000) + "a000", true},
		"very many tags that there are none": {strings.Repeat("tag:x or ", 100_000) + "a000", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			_, err := graph.Select(c.expression)
			if refused := err != nil; refused != c.isRefused {
				t.Errorf("the error is %.300v", err)
			}
			if strings.Contains(name, "plus") && c.isRefused && !strings.Contains(err.Error(), "too many terms") {
				t.Errorf("the error is %.300v", err)
			}
			t.Logf("it takes %v", time.Since(began))
		})
	}
}

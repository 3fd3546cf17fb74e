package cli_test

import (
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
)

func TestRowsThatAreNoCountAreShownAsMetadata(t *testing.T) {
	for name, test := range map[string]struct {
		rows any
		want string
	}{
		"a count":  {12345, "12,345"},
		"a text":   {"about ten", "rows=about ten"},
		"a list":   {[]int{1, 2}, "rows=[1,2]"},
		"a number": {1.5, "rows=1.5"},
	} {
		t.Run(name, func(t *testing.T) {
			newHome(t)
			definitions := []fx.Option{assets.New("one", func(step *assets.Context) int {
				step.AddMetadata("rows", test.rows)
				return 1
			})}
			run, asset := execute(t, definitions, "run"), execute(t, definitions, "asset", "one")
			for _, out := range []string{run.out, asset.out} {
				if !strings.Contains(out, test.want) || strings.Contains(out, "rows=12345") {
					t.Errorf("%q is not in\n%s", test.want, out)
				}
			}
		})
	}
}

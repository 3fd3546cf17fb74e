package cli_test

import (
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
)

func TestValuesThatAreStoredApartAreWarnedOf(t *testing.T) {
	newHome(t)
	type both struct {
		fx.Out
		First  int    `name:"first"`
		Second string `name:"second"`
	}
	definitions := func(options ...assets.Option) []fx.Option {
		return []fx.Option{
			container.Supply("other", iomanagers.NewMemory(), container.As[iomanagers.IOManager]()),
			assets.New("both", func() both { return both{} }, append(options, assets.ForOutput("second", assets.IO("other")))...),
			assets.New("alone", func() float64 { return 1 }),
		}
	}
	const warning = "warning: asset both (stored_apart_test.go:"
	for name, test := range map[string]struct {
		options []assets.Option
		args    []string
		warned  bool
	}{
		"by a run":                             {args: []string{"run"}, warned: true},
		"by a dry run":                         {args: []string{"run", "--dry-run"}, warned: true},
		"not by a run of other steps":          {args: []string{"run", "--select", "alone"}},
		"not where a step says that it may be": {options: []assets.Option{assets.StoredApart()}, args: []string{"run"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, definitions(test.options...), test.args...)
			if got.code != 0 || strings.HasPrefix(got.err, warning) != test.warned || strings.Contains(got.err, "stores its values by") != test.warned {
				t.Errorf("exit code %d, standard error %q", got.code, got.err)
			}
		})
	}
}

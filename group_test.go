package fxrun_test

import (
	"slices"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/fxruntest"
)

type monthSales []int

type yearSales struct {
	Months []monthSales
	ByKey  map[string]monthSales
}

func TestARunGivesAGroupOfAssets(t *testing.T) {
	t.Parallel()
	var opts []fx.Option
	for cents, name := range []string{"mar", "jan", "feb"} {
		opts = append(opts, assets.New("raw/"+name, func() monthSales { return monthSales{cents} }, assets.InGroup("raw")))
	}
	union := func(in struct {
		fx.In
		All   []monthSales          `group:"raw"`
		ByKey map[string]monthSales `group:"raw"`
	},
	) yearSales {
		return yearSales{in.All, in.ByKey}
	}
	opts = append(opts, assets.New("year", union))
	result := fxruntest.Materialize(t, "*", opts...)
	year := fxruntest.Value[yearSales](t, result)
	if want := []monthSales{{2}, {1}, {0}}; !slices.EqualFunc(year.Months, want, slices.Equal) || len(year.ByKey) != 3 || year.ByKey["raw/feb"][0] != 2 {
		t.Errorf("got %+v", year)
	}
}

package docs_test

import (
	"fmt"
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
)

type (
	Warm []int
	Cold []int
)

// Halves has two assets that one function makes. The tags are the keys of the assets.
type Halves struct {
	fx.Out

	Warm Warm `name:"days/warm"`
	Cold Cold `name:"days/cold"`
}

func SplitDays(step *assets.Context) (Halves, error) {
	days := []int{4, 22, 19, -3, 8}
	slices.Sort(days)
	step.AddMetadataOf("days/cold", "lowest", days[0])
	return Halves{Cold: days[:3], Warm: days[3:]}, nil
}

var halves = fx.Options(
	assets.New("split_days", SplitDays,
		assets.InGroup("days"),
		assets.ForOutput("days/cold", assets.Owners("winter@example.org"))),
	assets.New("days/count", func(warm Warm, cold Cold) string { return fmt.Sprintf("%d warm, %d cold", len(warm), len(cold)) }),
)

func Example_multiAsset() {
	materialize[string](halves, "*", "days/count")
	// Output: 2 warm, 3 cold
}

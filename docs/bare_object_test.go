package docs_test

import (
	"strings"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

type Title string

var titles = fx.Options(
	container.Supply("replacer", strings.NewReplacer("rain", "sun")), // a *strings.Replacer
	assets.New("title", func(r *strings.Replacer) Title { return Title(r.Replace("rainy day")) }),
)

func Example_bareObject() {
	materialize[Title](titles, "title", "title")
	// Output: suny day
}

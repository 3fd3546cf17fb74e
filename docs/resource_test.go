package docs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// StationConfig is the config of a station. The tags say which values are allowed.
type StationConfig struct {
	User string `required:"true"`
	Unit string `default:"C" enum:"C,F" desc:"of temperatures"`
}

// Station is the resource, and NewStation is its constructor.
type Station struct{ cfg StationConfig }

func NewStation(cfg StationConfig) *Station { return &Station{cfg} }

func (s *Station) Read(_ context.Context, city string) (string, error) {
	return fmt.Sprintf("%s: 21 %s, asked by %s", city, s.cfg.Unit, s.cfg.User), nil
}

// Reading is the type of an asset. Other assets ask for the asset by this type.
type Reading string

// ReadBern asks for the resource by its type.
func ReadBern(ctx context.Context, station *Station) (Reading, error) {
	text, err := station.Read(ctx, "Bern")
	return Reading(text), err
}

var weather = fx.Options(
	container.Provide("station", NewStation, container.Config(StationConfig{User: "ada"})),
	assets.New("reading", ReadBern),
)

func Example_resource() {
	materialize[Reading](weather, "reading", "reading")
	// Output: Bern: 21 C, asked by ada
}

package docs_test

import (
	"context"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/runs"
)

// Stations asks for two resources of one type. The name is the key.
type Stations struct {
	fx.In

	North *Station `name:"north"`
	South *Station `name:"south"`
}

type Comparison string

func Compare(ctx context.Context, stations Stations) (Comparison, error) {
	north, err := stations.North.Read(ctx, "Oslo")
	if err != nil {
		return "", err
	}
	south, err := stations.South.Read(ctx, "Rome")
	return Comparison(north + "; " + south), err
}

var twoStations = fx.Options(
	container.Provide("north", NewStation, container.Config(StationConfig{User: "ada"}, container.FromEnv("NORTH"))),
	container.Provide("south", NewStation, container.Config(StationConfig{User: "bob"}, container.FromEnv("SOUTH"))),
	assets.New("comparison", Compare),
)

func TestOneOfTwoStationsIsReplaced(t *testing.T) {
	fake := NewStation(StationConfig{User: "nobody", Unit: "F"})
	result := fxruntest.Materialize(t, "comparison", twoStations,
		fx.Replace(fx.Annotate(fake, fx.ResultTags(`name:"north"`))))
	if got := fxruntest.Value[Comparison](t, result); got != "Oslo: 21 F, asked by nobody; Rome: 21 C, asked by bob" {
		t.Error(got)
	}
}

// TestStationWithoutAName holds the page to the text of the error.
func TestStationWithoutAName(t *testing.T) {
	definitions := fx.Options(twoStations, assets.New("reading", ReadBern)) // it asks for a *Station
	err := fx.New(fxrun.Module, definitions, fx.Invoke(func(*runs.Launcher) {}), fx.NopLogger).Err()
	const want = "it needs *docs_test.Station, which resource north and resource south give: " +
		`say which by a tag in an fx.In struct, name:"north" or name:"south"`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

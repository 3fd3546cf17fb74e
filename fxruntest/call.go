package fxruntest

import (
	"fmt"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/runs"
)

// alone is the key of the asset that Call makes.
const alone = "alone"

// Call runs one asset function by itself, as an asset or op would run it, and
// returns its value. Its parameters are values by fx.Supply, or resources that
// are among opts; a *assets.Context and its like it gets as always. As
// everywhere in a host application, a zero value counts as none. Where the
// function needs options, as a config of its own, fn is what assets.New makes of
// it: Call[Top](t, assets.New("top", FindTop, assets.Config(TopConfig{}))). A function
// that returns an error alone gives the zero T; one that makes several assets is
// an error.
func Call[T any](t testing.TB, fn any, opts ...fx.Option) T {
	t.Helper()
	value, err := TryCall[T](t, fn, opts...)
	if err != nil {
		t.Fatalf("calling %T: %v", fn, err)
	}
	return value
}

// TryCall is [Call] for tests of what goes wrong: it returns the error.
func TryCall[T any](t testing.TB, fn any, opts ...fx.Option) (value T, err error) {
	t.Helper()
	asset, ok := fn.(assets.Asset)
	if !ok {
		asset = assets.New(alone, fn)
	}
	result, err := Try(t, runs.Request{Selection: asset.Key()}, fx.Options(opts...), asset)
	if err != nil {
		return value, err
	}
	switch _, output, err := result.host.Graph.Asset(asset.Key()); {
	case err != nil:
		return value, fmt.Errorf("%T makes several assets: use fxruntest.Materialize, and ValueOf for each", fn)
	case output.Type == nil:
		return value, nil
	}
	return ValueOf[T](t, result, asset.Key()), nil
}

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

// Call runs one function of an asset or op alone, and returns its value. The
// values of its parameters come from opts: they are values of fx.Supply, or
// resources. Parameters such as *assets.Context get their values as in a run. As
// in every host application, a zero value counts as missing.
//
// If the function needs options, such as a config, fn is the result of assets.New:
// Call[Top](t, assets.New("top", FindTop, assets.Config(TopConfig{}))). If the
// function returns only an error, Call returns the zero T. A function that makes
// several assets is an error.
func Call[T any](t testing.TB, fn any, opts ...fx.Option) T {
	t.Helper()
	value, err := TryCall[T](t, fn, opts...)
	if err != nil {
		t.Fatalf("calling %T: %v", fn, err)
	}
	return value
}

// TryCall is like [Call], but it returns the error. It is for tests of failures.
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

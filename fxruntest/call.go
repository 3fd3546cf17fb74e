package fxruntest

import (
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
// everywhere in a host application, a zero value counts as none. A function
// that returns an error alone gives the zero T.
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
	result, err := Try(t, runs.Request{Selection: alone}, append(opts, assets.New(alone, fn))...)
	if err != nil {
		return value, err
	}
	if _, output, err := result.host.Graph.Asset(alone); err != nil || output.Type == nil {
		return value, err
	}
	return ValueOf[T](t, result, alone), nil
}

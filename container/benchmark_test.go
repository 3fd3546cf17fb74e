package container_test

import (
	"context"
	"fmt"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// chainOf makes n resources with one hook each; of the first ten, each needs
// the one before. The others need nothing.
func chainOf(n int) []container.Definition {
	hook := fx.Hook{
		OnStart: func(context.Context) error { return nil },
		OnStop:  func(context.Context) error { return nil },
	}
	definitions := make([]container.Definition, n)
	for i := range n {
		var needs []int
		if i > 0 && i < 10 {
			needs = []int{i - 1}
		}
		definitions[i] = makeResource(i, needs, func(lc fx.Lifecycle) error { lc.Append(hook); return nil })
	}
	return definitions
}

func BenchmarkChildThatNeedsTen(b *testing.B) {
	for _, declared := range []int{10, 10_000} {
		for name, opts := range map[string][]fx.Option{"": nil, " with fx options": {fx.Supply(uint8(3))}} {
			b.Run(fmt.Sprintf("of %d%s", declared, name), func(b *testing.B) {
				c := newContainer(b, chainOf(declared)...)
				opts := append(opts, container.NeedsResources(partKey(9)))
				b.ReportAllocs()
				for b.Loop() {
					if err := c.Invoke(context.Background(), func() {}, opts...); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for _, declared := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("of %d", declared), func(b *testing.B) {
			definitions := chainOf(declared)
			b.ReportAllocs()
			for b.Loop() {
				newContainer(b, definitions...)
			}
		})
	}
}

// BenchmarkFxNewOfTen is the same graph in Fx alone.
func BenchmarkFxNewOfTen(b *testing.B) {
	options := []fx.Option{
		fx.NopLogger,
		fx.Provide(func(lc fx.Lifecycle) *link[[0]int] {
			lc.Append(fx.StartStopHook(func() {}, func() {}))
			return &link[[0]int]{}
		}, after[[0]int, [1]int], after[[1]int, [2]int], after[[2]int, [3]int], after[[3]int, [4]int], after[[4]int, [5]int],
			after[[5]int, [6]int], after[[6]int, [7]int], after[[7]int, [8]int], after[[8]int, [9]int]),
		fx.Invoke(func(*link[[9]int]) {}),
	}
	b.ReportAllocs()
	for b.Loop() {
		app := fx.New(options...)
		if err := app.Start(context.Background()); err != nil {
			b.Fatal(err)
		}
		if err := app.Stop(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// link is a family of types, told apart by their type argument.
type link[N any] struct{}

func after[Before, N any](lc fx.Lifecycle, _ *link[Before]) *link[N] {
	lc.Append(fx.StartStopHook(func() {}, func() {}))
	return &link[N]{}
}

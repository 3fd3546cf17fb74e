package bench

import (
	"context"

	"go.uber.org/fx"
)

// plain is a resource for contenders that don't go by type.
type plain struct{ size int }

// newByHand is a slice of closures, called in order: what a person would write,
// but for the types. Nobody writes a thousand types by hand to measure them, and
// for this contender it would make no difference.
func newByHand(g Graph, use *Use) (func(context.Context) error, error) {
	constructors := make([]func(fx.Lifecycle, []*plain) *plain, g.Needed)
	for i := range constructors {
		needs := g.needs(i)
		constructors[i] = func(lc fx.Lifecycle, made []*plain) *plain {
			lc.Append(use.Hook)
			result := &plain{size: 1}
			for _, need := range needs {
				result.size += made[need].size
			}
			return result
		}
	}
	asked := g.asked()
	return func(ctx context.Context) error {
		var started hooks
		made := make([]*plain, 0, len(constructors))
		for _, construct := range constructors {
			made = append(made, construct(&started, made))
		}
		size := 0
		for _, i := range asked {
			size += made[i].size
		}
		use.answer(size)
		return started.use(ctx)
	}, nil
}

package container

import (
	"context"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/resource"
)

// Outcome returns the outcome that [Child.Close] was given, from the context of an
// OnStop hook: nil for success, else why the work failed or was cancelled. From
// any other context it returns nil.
func Outcome(ctx context.Context) error { return resource.Outcome(ctx) }

// Around writes the start and the stop of a resource as one function, so that
// defer and local variables work across both:
//
//	container.Around(lc, func(ctx context.Context, yield func() error) error {
//		tx, err := db.BeginTx(ctx, nil)
//		if err != nil {
//			return err
//		}
//		defer tx.Rollback()
//		if err := yield(); err != nil {
//			return nil // it failed: roll back
//		}
//		return tx.Commit()
//	})
//
// The code before yield is the start. An error that is returned there is an error
// of the start. yield returns when it is time to stop, with the outcome (see
// [Outcome]). The code after yield is the stop, and an error that is returned there
// is an error of the stop. yield must be called exactly once.
//
// fn runs in a goroutine of its own. Its context does not end when the start is
// over. It ends when the start takes longer than [StartTimeout], when the stop
// takes longer than [StopTimeout], and after fn has returned.
//
// Around needs nothing of a child container: it works in any Fx application,
// where the outcome is nil.
func Around(lc fx.Lifecycle, fn func(ctx context.Context, yield func() error) error) {
	resource.Around(lc, fn)
}

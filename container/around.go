package container

import (
	"context"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/resource"
)

// Outcome returns what a child was used for came to, inside an OnStop hook:
// nil for success, else why it failed or was cancelled. It is what
// [Child.Close] was given. Elsewhere it is nil.
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
// What stands before yield is the start: an error returned there fails it.
// yield returns when it is time to stop, with the outcome (see [Outcome]); what
// stands after it is the stop, and an error returned there is the stop's. yield
// must be called exactly once.
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

package child

import (
	"context"
	"errors"
	"log/slog"

	"github.com/fxrun/fxrun/internal/goroutine"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/worker"
)

// lateStops stops what comes to life after nobody waits for it any more: of a
// function that was given up and returned after all.
type lateStops struct {
	ctx     context.Context // of the child
	members *goroutine.Set
	logger  *slog.Logger
}

// errGivenUp is the outcome that a hook sees which stops what started after
// nobody waited for it any more.
var errGivenUp = errors.New("its start was given up")

// stop calls a function that stops. It can only log what goes wrong.
func (l *lateStops) stop(n *graph.Node, stop func(ctx context.Context, calls *worker.Pool) error) {
	calls := &worker.Pool{Members: l.members}
	defer calls.Rest(0)
	ctx, cancel := worker.WithLimit(afterwards(l.ctx, errGivenUp), n.StopTimeout)
	defer cancel()
	if err := stop(ctx, calls); err != nil {
		l.logger.ErrorContext(ctx, "a resource went wrong after it had been given up", "resource", n.Key, "error", err)
	}
}

// afterwards is the context of stop hooks: it has the outcome, and does not end
// with the child's own.
func afterwards(ctx context.Context, outcome error) context.Context {
	return resource.WithOutcome(context.WithoutCancel(ctx), outcome)
}

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

// lateStops stops what a function has started, if the function was given up and
// returned later.
type lateStops struct {
	ctx     context.Context // the context of the child
	members *goroutine.Set
	logger  *slog.Logger
}

// errGivenUp is the outcome for a hook that stops something which started after
// its start was given up.
var errGivenUp = errors.New("its start was given up")

// stop calls a function that stops something. Its error can only be logged.
func (l *lateStops) stop(n *graph.Node, stop func(ctx context.Context, calls *worker.Pool) error) {
	calls := &worker.Pool{Members: l.members}
	defer calls.Rest(0)
	ctx, cancel := worker.WithLimit(afterwards(l.ctx, errGivenUp), n.StopTimeout)
	defer cancel()
	if err := stop(ctx, calls); err != nil {
		l.logger.ErrorContext(ctx, "a resource went wrong after it had been given up", "resource", n.Key, "error", err)
	}
}

// afterwards returns a context for stop hooks. It has the outcome, and does not
// end with the context of the child.
func afterwards(ctx context.Context, outcome error) context.Context {
	return resource.WithOutcome(context.WithoutCancel(ctx), outcome)
}

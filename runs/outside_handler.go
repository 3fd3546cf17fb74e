package runs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/worker"
)

// outsideHandler passes log lines on to a handler that a user supplies. A panic
// in that handler, or an end of the goroutine in it, reaches nobody who logs: it
// is an error of the handler, and the first one is reported.
type outsideHandler struct {
	handler slog.Handler
	calls   *worker.Pool // calls the handler
	report  func(error)
	once    *sync.Once // of all handlers that were made from the first one
}

func newOutsideHandler(handler slog.Handler, calls *worker.Pool, launched *container.Prepared, report func(error)) *outsideHandler {
	if handler != slog.DiscardHandler {
		handler = maskHandler{handler, launched.Mask, (*child.Prepared)(launched).Masks()}
	}
	return &outsideHandler{handler: handler, calls: calls, report: report, once: new(sync.Once)}
}

// guard calls the user's handler. It reports a panic in the handler, or the end
// of its goroutine. It does not report an error that the handler returns, since
// slog ignores such errors.
func (h *outsideHandler) guard(doing string, call func() error) error {
	returned := false
	err := h.calls.Guard(func() error {
		err := call()
		returned = true
		return err
	})
	if !returned {
		h.once.Do(func() { h.report(fmt.Errorf("%s: %w", doing, err)) })
	}
	return err
}

// discards reports whether there is nothing to guard.
func (h *outsideHandler) discards() bool { return h.handler == slog.DiscardHandler }

func (h *outsideHandler) Enabled(ctx context.Context, level slog.Level) bool {
	enabled := false
	if !h.discards() {
		_ = h.guard("asking for the level", func() error { enabled = h.handler.Enabled(ctx, level); return nil })
	}
	return enabled
}

func (h *outsideHandler) Handle(ctx context.Context, record slog.Record) error {
	return h.guard("handling a line", func() error { return h.handler.Handle(ctx, record) })
}

func (h *outsideHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func() slog.Handler { return h.handler.WithAttrs(attrs) })
}

func (h *outsideHandler) WithGroup(name string) slog.Handler {
	return h.with(func() slog.Handler { return h.handler.WithGroup(name) })
}

// with returns a handler for what derive makes of the user's handler; if that
// fails, one that passes nothing on.
func (h *outsideHandler) with(derive func() slog.Handler) slog.Handler {
	if h.discards() {
		return h
	}
	derived := *h
	derived.handler = slog.DiscardHandler
	_ = h.guard("adding attributes", func() error {
		if handler := derive(); handler != nil {
			derived.handler = handler
		}
		return nil
	})
	return &derived
}

package fxapp

import (
	"context"
	"log/slog"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/internal/panics"
)

// Run lets a fresh Fx app build the child's resources and bind its targets.
// The app is never started: its lifecycle is replaced by the child's own,
// which names every hook, survives panics, and always stops.
func Run(child *Child, options []fx.Option) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil { // from the caller's own options
			err = panics.Recovered(recovered)
		}
	}()
	given := provide(func() *Child { return child })
	return fx.New(given, eventLogger(child), fx.Options(options...)).Err()
}

// eventLogger sends Fx's events to the logger that the options of the parent have
// made, if there is one. A logger among the caller's options comes after it, and
// takes its place.
func eventLogger(child *Child) fx.Option {
	if child.Events != nil {
		return fx.WithLogger(func() fxevent.Logger { return child.Events })
	}
	return quietLogger(child)
}

// quietLogger sends Fx's events to the child's logger at debug level. Without
// one Fx writes a line per provider to standard error.
func quietLogger(child *Child) fx.Option {
	logger := child.Logger
	if !logger.Enabled(child.Context, slog.LevelDebug) {
		return fx.NopLogger
	}
	return fx.WithLogger(func() fxevent.Logger {
		events := &fxevent.SlogLogger{Logger: slog.New(withoutTraces{logger.Handler()})}
		events.UseLogLevel(slog.LevelDebug)
		return events
	})
}

// withoutTraces leaves out where Fx was called from. These attributes of its events
// are long, and always show the same functions of this package.
type withoutTraces struct{ slog.Handler }

// Handle passes the line on.
func (h withoutTraces) Handle(ctx context.Context, line slog.Record) error {
	short := slog.NewRecord(line.Time, line.Level, line.Message, line.PC)
	line.Attrs(func(attr slog.Attr) bool {
		if attr.Key != "stacktrace" && attr.Key != "moduletrace" {
			short.AddAttrs(attr)
		}
		return true
	})
	return h.Handler.Handle(ctx, short)
}

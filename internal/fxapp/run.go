package fxapp

import (
	"context"
	"log/slog"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/internal/panics"
)

// Run makes a new Fx application that builds the resources of the child and
// binds its targets. The application is never started. The lifecycle of the
// child takes the place of its lifecycle: it names every hook, survives panics,
// and always stops.
func Run(child *Child, options []fx.Option) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil { // a panic in the options of the caller
			err = panics.Recovered(recovered)
		}
	}()
	given := provide(func() *Child { return child })
	return fx.New(given, eventLogger(child), fx.Options(options...)).Err()
}

// eventLogger sends the events of Fx to the logger that the options of the parent
// have made, if there is one. A logger among the options of the caller comes
// later, and takes its place.
func eventLogger(child *Child) fx.Option {
	if child.Events != nil {
		return fx.WithLogger(func() fxevent.Logger { return child.Events })
	}
	return quietLogger(child)
}

// quietLogger sends the events of Fx to the logger of the child at debug level.
// Without it, Fx writes a line for each provider to standard error.
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

// withoutTraces leaves out the stack traces of the events of Fx. These attributes
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

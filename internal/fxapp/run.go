package fxapp

import (
	"context"
	"log/slog"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/internal/stackless"
)

// Run makes a new Fx application that builds the resources of the child and
// binds its targets. The application is never started. The lifecycle of the
// child takes the place of its lifecycle: it names every hook, survives panics,
// and always stops. The options, the handler of the logger and what else Fx calls
// belong to users, so their panics are errors.
func Run(child *Child, options []fx.Option) error {
	return panics.Catch(func() error { return fx.New(Give(child), eventLogger(child), fx.Options(options...)).Err() })
}

// Bind binds the targets of a child whose resources Fx has not built. An Fx
// application does it only if somebody gets the events of Fx. Otherwise nobody
// could tell the application from none, and it would be half the cost of a child
// of ten resources.
func Bind(child *Child, targets []*graph.Target) error {
	bind := func() {
		for _, t := range targets {
			child.bindHere(t)
		}
	}
	return panics.Catch(func() error {
		if child.Events == nil && !logsEvents(child) {
			bind()
			return nil
		}
		return fx.New(eventLogger(child), stackless.Invoke(bind)).Err()
	})
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
	if !logsEvents(child) {
		return fx.NopLogger
	}
	return fx.WithLogger(func() fxevent.Logger {
		events := &fxevent.SlogLogger{Logger: slog.New(withoutTraces{child.Logger.Handler()})}
		events.UseLogLevel(slog.LevelDebug)
		return events
	})
}

// logsEvents reports whether the logger of the child takes the events of Fx.
func logsEvents(child *Child) bool { return child.Logger.Enabled(child.Context, slog.LevelDebug) }

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

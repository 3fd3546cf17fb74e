package child

import (
	"context"
	"log/slog"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/panics"
)

// runApp lets a fresh Fx app build the child's resources and bind its targets.
// The app is never started: its lifecycle is replaced by the child's own,
// which names every hook, survives panics, and always stops.
func runApp(child *Child, options []fx.Option) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil { // from the caller's own options
			err = panics.Recovered(recovered)
		}
	}()
	given := provide(func() *childState { return child.state })
	return fx.New(given, eventLogger(child.state), fx.Options(options...)).Err()
}

// fxOptions are the options of a child that Fx builds: the resources, the
// targets, and the caller's own, whose hooks go to lifecycle. constructor may
// change the option of a resource.
func (p *preparation) fxOptions(constructor func(fx.Option, *graph.Node) fx.Option, lifecycle *lifecycle) []fx.Option {
	options := append(p.constructors(constructor), p.invokes()...)
	if p.parent == nil && p.lending != nil && len(p.lending.params) > 0 {
		options = append(options, p.lending.invoke())
	}
	options = append(options, decorate(func() fx.Lifecycle { return lifecycle }))
	return append(options, p.config.options...)
}

// invokes bind what the targets ask for.
func (p *preparation) invokes() []fx.Option {
	options := make([]fx.Option, len(p.targets))
	for i, target := range p.targets {
		options[i] = withOwnValues(target.Name(), target.Needed(), p.container.parts.bound(target))
	}
	return options
}

// constructors are the resources, and what answers the keys that they and the
// targets ask for.
func (p *preparation) constructors(constructor func(fx.Option, *graph.Node) fx.Option) []fx.Option {
	var options []fx.Option
	var asks []graph.Ask
	for _, n := range p.nodes {
		needed := p.container.graph.AsksOf(n)
		options = append(options, withOwnValues(n.Key, needed, constructor(p.container.parts.wrap(n), n)))
		options = append(options, p.container.parts.overrides(n)...)
		asks = append(asks, needed...)
	}
	for _, n := range p.longer {
		options = append(options, constructor(p.container.parts.borrow(n), n))
		options = append(options, p.container.parts.overrides(n)...)
	}
	for _, target := range p.targets {
		asks = append(asks, target.Needed()...)
	}
	if p.offered != nil {
		asks = append(asks, p.offered.Needed()...)
		options = append(options, p.container.parts.offers(p.offered)...)
	}
	if p.parent == nil && p.lending != nil {
		asks = append(asks, p.lending.asks...)
	}
	for _, param := range p.lentAsks {
		asks = append(asks, graph.Ask{Param: param})
	}
	return append(options, p.container.parts.answers(asks, p.lentByParent())...)
}

// eventLogger sends Fx's events to the logger that the options of the parent have
// made, if there is one. A logger among the caller's options comes after it, and
// takes its place.
func eventLogger(state *childState) fx.Option {
	if state.events != nil {
		return fx.WithLogger(func() fxevent.Logger { return state.events })
	}
	return quietLogger(state)
}

// quietLogger sends Fx's events to the child's logger at debug level. Without
// one Fx writes a line per provider to standard error.
func quietLogger(state *childState) fx.Option {
	logger := state.config.logger
	if !logger.Enabled(state.ctx, slog.LevelDebug) {
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

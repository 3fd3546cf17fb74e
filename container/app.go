package container

import (
	"log/slog"
	"reflect"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/internal/signature"
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
	return fx.New(given, fx.Options(options...), quietLogger(child.state)).Err()
}

// fxOptions are the options of a child that Fx builds: the resources, the
// targets, and the caller's own, whose hooks go to lifecycle. constructor may
// change the option of a resource.
func (p *preparation) fxOptions(constructor func(fx.Option, *node) fx.Option, lifecycle *lifecycle) []fx.Option {
	options := append(p.constructors(constructor), p.invokes()...)
	options = append(options, decorate(func() fx.Lifecycle { return lifecycle }))
	return append(options, p.config.options...)
}

// invokes bind what the targets ask for.
func (p *preparation) invokes() []fx.Option {
	options := make([]fx.Option, len(p.targets))
	for i, target := range p.targets {
		options[i] = target.bound()
	}
	return options
}

// constructors are the resources, and what answers the keys that they and the
// targets ask for.
func (p *preparation) constructors(constructor func(fx.Option, *node) fx.Option) []fx.Option {
	var options []fx.Option
	var asks []ask
	for _, n := range p.nodes {
		options = append(options, constructor(p.container.wrap(n), n))
		asks = append(asks, p.container.asksOf(n)...)
	}
	for _, n := range p.longer {
		options = append(options, constructor(p.container.borrow(n), n))
	}
	for _, target := range p.targets {
		asks = append(asks, target.needed()...)
	}
	return append(options, p.container.answers(asks)...)
}

// answers provides the keys that are asked for but are no resource's own:
// values of the host application, and other names of a resource.
func (c *Container) answers(asks []ask) []fx.Option {
	var options []fx.Option
	seen := make(map[signature.Key]bool, len(asks))
	for _, a := range asks {
		if seen[a.Key] {
			continue
		}
		seen[a.Key] = true
		switch {
		case a.value.IsValid():
			options = append(options, c.supply(a))
		case a.from.node != nil && c.canonical(a.from) != a.Key:
			options = append(options, c.forward(c.canonical(a.from), a.Key))
		}
	}
	return options
}

// forward answers one key with the value of another. There is one option for
// each pair of keys, made when it is first needed.
func (c *Container) forward(from, to signature.Key) fx.Option {
	type pair struct{ from, to signature.Key }
	if known, ok := c.forwards.Load(pair{from, to}); ok {
		return known.(fx.Option)
	}
	option := provide(signature.Make([]signature.Param{{Key: from}}, []signature.Key{to}, func(params []reflect.Value) ([]reflect.Value, error) {
		return []reflect.Value{params[0].Convert(to.Type)}, nil
	}))
	c.forwards.Store(pair{from, to}, option)
	return option
}

// quietLogger sends Fx's events to the child's logger at debug level. Without
// one Fx writes a line per provider to standard error.
func quietLogger(state *childState) fx.Option {
	logger := state.config.logger
	if !logger.Enabled(state.ctx, slog.LevelDebug) {
		return fx.NopLogger
	}
	return fx.WithLogger(func() fxevent.Logger {
		events := &fxevent.SlogLogger{Logger: logger}
		events.UseLogLevel(slog.LevelDebug)
		return events
	})
}

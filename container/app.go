package container

import (
	"log/slog"
	"reflect"
	"runtime/debug"
	"sync"

	"github.com/fxrun/fxrun/internal/signature"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
)

// wrapper is a resource's constructor as a child's Fx app sees it: its results
// under one key each, and what it needs from Fx as parameters. It finds the
// child that it is called for among its parameters, so that one option serves
// all children.
type wrapper struct {
	once    sync.Once
	provide fx.Option
	asks    []signature.Key // keys that the constructor gets through Fx
}

var (
	childStateKey = signature.Key{Type: reflect.TypeFor[*childState]()}
	shutdownerKey = signature.Key{Type: reflect.TypeFor[fx.Shutdowner]()}
	dotGraphKey   = signature.Key{Type: reflect.TypeFor[fx.DotGraph]()}
)

// wrap builds the wrapper once, when a child first needs the resource: most
// of a large container is never asked for in one process.
func (c *Container) wrap(n *node) *wrapper {
	n.wrapper.once.Do(func() {
		w := &n.wrapper
		params := []signature.Param{{Key: childStateKey}}
		params = append(params, c.digParams(n.inputs)...)
		results := make([]signature.Key, len(n.function.Results))
		for i := range results {
			results[i] = c.resultKey(provider{n, i})
		}
		for _, param := range params[1:] {
			w.asks = append(w.asks, param.Key)
		}
		w.provide = fx.Provide(signature.Make(params, results, func(params []reflect.Value) ([]reflect.Value, error) {
			return params[0].Interface().(*childState).build(n, params[1:])
		}))
	})
	return &n.wrapper
}

// digParams are the parameters that come through the child's Fx graph, where
// fx.Replace and fx.Decorate can reach them.
func (c *Container) digParams(inputs []input) []signature.Param {
	var params []signature.Param
	for _, in := range inputs {
		switch in.kind {
		case providerInput, hostInput:
			params = append(params, signature.Param{Key: in.param.Key})
		case absentInput:
			params = append(params, signature.Param{Key: in.param.Key, Optional: true})
		case groupInput:
			for _, p := range in.providers {
				params = append(params, signature.Param{Key: c.canonical(p)})
			}
		}
	}
	return params
}

// arrange is the reverse of digParams: it puts the values in the order of the
// inputs, with own filling in what does not come through Fx.
func arrange(inputs []input, params []reflect.Value, own func(inputKind) reflect.Value) []reflect.Value {
	arguments := make([]reflect.Value, len(inputs))
	for i, in := range inputs {
		switch in.kind {
		case providerInput, hostInput, absentInput:
			arguments[i], params = params[0], params[1:]
		case groupInput:
			arguments[i] = gather(in, params[:len(in.providers)])
			params = params[len(in.providers):]
		default:
			arguments[i] = own(in.kind)
		}
	}
	return arguments
}

// gather makes a group's slice, in the order of resource keys.
func gather(in input, members []reflect.Value) reflect.Value {
	slice := reflect.MakeSlice(reflect.SliceOf(in.param.Type), 0, len(members))
	for i, p := range in.providers {
		if p.node.function.Results[p.result].Flatten {
			slice = reflect.AppendSlice(slice, members[i])
		} else {
			slice = reflect.Append(slice, members[i])
		}
	}
	return slice
}

// runApp lets a fresh Fx app build the child's resources and bind its targets.
// The app is never started: its lifecycle is replaced by the child's own,
// which names every hook, survives panics, and always stops.
func runApp(p *preparation, child *Child) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil { // from the caller's own options
			err = &PanicError{Value: recovered, Stack: debug.Stack()}
		}
	}()
	options := append(p.options(func(n *node) fx.Option { return p.container.wrap(n).provide }, child),
		quietLogger(child.state))
	return fx.New(options...).Err()
}

// options are all of a child's Fx options; provide gives that of a resource.
func (p *preparation) options(provide func(*node) fx.Option, child *Child) []fx.Option {
	options := []fx.Option{fx.Provide(func() *childState { return child.state })}
	var asks []signature.Key
	for _, n := range p.nodes {
		options = append(options, provide(n))
		asks = append(asks, p.container.wrap(n).asks...)
	}
	for _, target := range p.targets {
		params := p.container.digParams(target.inputs)
		for _, param := range params {
			asks = append(asks, param.Key)
		}
		options = append(options, fx.Invoke(signature.Make(params, nil, func(params []reflect.Value) ([]reflect.Value, error) {
			child.arguments[target] = arrange(target.inputs, params, child.state.own)
			return nil, nil
		})))
	}
	options = append(options, p.container.answers(asks)...)
	if len(p.config.options) > 0 {
		options = append(options, fx.Decorate(func() fx.Lifecycle { return child.state.options }))
		options = append(options, p.config.options...)
	}
	return options
}

// answers provides the keys that are asked for but are no resource's own:
// values of the host application, and other names of a resource.
func (c *Container) answers(asks []signature.Key) []fx.Option {
	var options []fx.Option
	seen := make(map[signature.Key]bool, len(asks))
	for _, key := range asks {
		if seen[key] {
			continue
		}
		seen[key] = true
		if value, ok := c.replaced(key); ok {
			options = append(options, provideValue(key, value))
			continue
		}
		if providers := c.providers[key]; len(providers) == 1 && c.canonical(providers[0]) != key {
			options = append(options, forward(c.canonical(providers[0]), key))
		}
	}
	return options
}

func provideValue(key signature.Key, value reflect.Value) fx.Option {
	give := signature.Make(nil, []signature.Key{key}, func([]reflect.Value) ([]reflect.Value, error) {
		return []reflect.Value{value}, nil
	})
	if key == shutdownerKey || key == dotGraphKey { // which every Fx app has: the host's take their place
		return fx.Decorate(give)
	}
	return fx.Provide(give)
}

// forward answers one key with the value of another.
func forward(from, to signature.Key) fx.Option {
	return fx.Provide(signature.Make([]signature.Param{{Key: from}}, []signature.Key{to}, func(params []reflect.Value) ([]reflect.Value, error) {
		return []reflect.Value{params[0].Convert(to.Type)}, nil
	}))
}

// quietLogger sends Fx's events to the child's logger at debug level. Without
// one Fx writes a line per provider to standard error.
func quietLogger(state *childState) fx.Option {
	return fx.WithLogger(func() fxevent.Logger {
		logger := state.config.logger
		if !logger.Enabled(state.ctx, slog.LevelDebug) {
			return fxevent.NopLogger
		}
		events := &fxevent.SlogLogger{Logger: logger}
		events.UseLogLevel(slog.LevelDebug)
		return events
	})
}

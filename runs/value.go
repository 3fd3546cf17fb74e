package runs

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/fxrun/fxrun/internal/panics"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// Value loads the stored value of an asset as a T. T may be the type that the
// function of the asset returns, another form of the same rows (for instance a slice
// for a stream), or []byte for the bytes as they are stored.
//
// T cannot be a stream, since Value closes what the stream would read from: use
// [Launcher.Read]. The errors of Value are those of [Launcher.Read].
func Value[T any](ctx context.Context, l *Launcher, asset string, opts ...container.ChildOption) (value T, err error) {
	as := reflect.TypeFor[T]()
	if shape, ok := rows.Of(as); ok && shape.Form.Streams() {
		return value, fault.Join("loading asset "+asset, []error{fmt.Errorf("%s is a stream: read it by Launcher.Read", as)})
	}
	err = l.Read(ctx, asset, as, func(got any) error {
		value, _ = got.(T)
		return nil
	}, opts...)
	return value, err
}

// Read loads the stored value of an asset and calls use with it. It opens a child
// container that holds only the IO manager of the asset, and closes it afterwards.
// as is the Go type of the value that use gets, as for [Value]. If as is nil, it is
// the type that the function of the asset returns. A value that is a stream is read
// while use ranges over it.
//
// The error of an unknown asset matches container.ErrInvalid. The error of an asset
// without a stored value matches iomanagers.ErrNotFound. An error of use is returned
// as it is.
func (l *Launcher) Read(ctx context.Context, asset string, as reflect.Type, use func(value any) error, opts ...container.ChildOption) (err error) {
	_, output, err := l.config.Graph.Asset(asset)
	if err != nil {
		return err
	}
	if output.Type == nil {
		return fault.Join("loading asset "+asset, []error{errors.New("it stores its data itself, so there is no value to load")})
	}
	if as == nil {
		as = output.Type
	}
	input := iomanagers.Input{Asset: asset, Format: output.Format, Stored: output.Type, Type: as}
	if l.config.IO != nil {
		return load(ctx, l.config.IO, input, use)
	}
	target := l.storage[output.IO]
	options := []fx.Option{container.Logger(l.config.Logger), container.Needs(target)}
	for _, opt := range opts {
		options = append(options, opt)
	}
	prepared, err := l.config.Container.Prepare(options...)
	if err != nil {
		return err
	}
	defer func() { err = fault.Masked(err, prepared.Mask) }()
	child, err := prepared.Open(ctx)
	if err != nil {
		return err
	}
	outcome := panics.ErrGoexit // which a panic leaves too: nothing is to be committed then
	defer func() { err = errors.Join(err, child.Close(outcome)) }()
	manager, _ := argumentsOf(child, target)[0].Interface().(iomanagers.IOManager)
	outcome = load(ctx, manager, input, use)
	return outcome
}

// load loads a value and has it used.
func load(ctx context.Context, manager iomanagers.IOManager, input iomanagers.Input, use func(any) error) error {
	into := reflect.New(input.Type)
	if err := manager.Load(ctx, input, into.Interface()); err != nil {
		return err
	}
	return use(into.Elem().Interface())
}

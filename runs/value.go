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

// Value loads an asset's stored value as a T: the type that the asset's
// function returns, another form of the same rows (a slice for a stream), or
// []byte for the bytes as they are stored. A T that is a stream can't be had
// this way, since what it reads from is closed: see [Launcher.Read], whose
// errors are those of Value too.
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

// Read loads an asset's stored value, in a child container of its own that
// holds only the asset's IO manager, and calls use with it. as is the Go type
// in which it is wanted, as for [Value]; nil is the type that the asset's
// function returns. A value that is a stream is read while use ranges over it.
//
// The error of an unknown asset matches container.ErrInvalid, that of one
// without a stored value iomanagers.ErrNotFound; else it is use's own.
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

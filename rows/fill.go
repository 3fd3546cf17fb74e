package rows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// Source gives rows, several at a time. One goroutine uses it.
type Source interface {
	// Read puts the next rows into dst, a pointer to an empty slice of type Shape.Slice. It
	// writes to the memory of the slice from its start, and sets the length to the number
	// of rows that it read. This number is at least one, and at most the capacity of the
	// slice. The memory is zero before the call, and after it the rows belong to the
	// caller. At the end Read returns io.EOF itself, not wrapped, and leaves the slice
	// empty. After an error Read is not called again.
	Read(dst any) error
	// Close releases what the source holds. It is called once.
	Close() error
}

// streamed is the number of rows that are read at once for a stream of single rows. It is
// large enough to make the cost of a read unimportant, and small in case the rows are large.
const streamed = 128

// Fill gives dst the rows of a source. dst is a non-nil pointer to rows of any form.
//
// A slice is read completely before Fill returns: the source is opened with ctx, read and
// closed. If one of these steps fails, the value of dst stays as it was.
//
// For a sequence Fill only sets dst. Each pass over the sequence, in any goroutine, opens a
// source of its own with ctx. The pass closes the source at its end, also if the loop stops
// early or its body panics. The first error of opening, reading or closing is yielded once,
// with the zero value, and ends the sequence. After ctx has ended, the sequence ends with
// the error of ctx. Batches hold up to [Size] rows and belong to the receiver.
//
// If dst has another type, Fill returns an error and does not call open.
func Fill(ctx context.Context, dst any, open func(ctx context.Context) (Source, error)) error {
	pointer := reflect.ValueOf(dst)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return fmt.Errorf("the destination of rows must be a non-nil pointer, not %T", dst)
	}
	target := pointer.Elem()
	shape, ok := Of(target.Type())
	if !ok {
		return fmt.Errorf("a %v is not rows", target.Type())
	}
	if shape.Form == Slice {
		all, err := readAll(ctx, shape, open)
		if err == nil {
			target.Set(all.Convert(target.Type()))
		}
		return err
	}
	target.Set(reflect.MakeFunc(target.Type(), func(args []reflect.Value) []reflect.Value {
		feed(ctx, shape, open, args[0])
		return nil
	}))
	return nil
}

func readAll(ctx context.Context, shape Shape, open func(context.Context) (Source, error)) (all reflect.Value, err error) {
	source, err := open(ctx)
	if err != nil {
		return reflect.Value{}, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()

	all = reflect.MakeSlice(shape.Slice, 0, Size)
	for {
		if err := ctx.Err(); err != nil {
			return reflect.Value{}, err
		}
		if all.Len() == all.Cap() {
			all = grown(all)
		}
		n := all.Len()
		read, err := readInto(source, all.Slice3(n, n, all.Cap()))
		if err == io.EOF { //nolint:errorlint // a wrapped one is a fault half way
			return all, nil
		}
		if err != nil {
			return reflect.Value{}, err
		}
		all = all.Slice(0, n+read.Len())
	}
}

func grown(full reflect.Value) reflect.Value {
	bigger := reflect.MakeSlice(full.Type(), full.Len(), 2*full.Cap())
	reflect.Copy(bigger, full)
	return bigger
}

// readInto reads rows into the memory of empty and returns them.
func readInto(source Source, empty reflect.Value) (reflect.Value, error) {
	place := reflect.New(empty.Type())
	place.Elem().Set(empty)
	if err := source.Read(place.Interface()); err != nil {
		return reflect.Value{}, err
	}
	read := place.Elem()
	if read.Len() == 0 || read.Len() > empty.Cap() || read.UnsafePointer() != empty.Slice3(0, 1, 1).UnsafePointer() {
		return reflect.Value{}, fmt.Errorf("reading rows: %T gives %d rows outside of the memory for %d", source, read.Len(), empty.Cap())
	}
	return read, nil
}

// feed ranges over a new source on behalf of a sequence that was called with yield.
func feed(ctx context.Context, shape Shape, open func(context.Context) (Source, error), yield reflect.Value) {
	item := yield.Type().In(0)
	noError, zero := reflect.Zero(errorType), reflect.Zero(item)
	give := func(v reflect.Value, err error) bool {
		fault := noError
		if err != nil {
			v, fault = zero, reflect.ValueOf(&err).Elem()
		}
		return yield.Call([]reflect.Value{v, fault})[0].Bool()
	}

	if err := ctx.Err(); err != nil {
		give(zero, err)
		return
	}
	source, err := open(ctx)
	if err != nil {
		give(zero, err)
		return
	}
	closed := false
	defer func() {
		if !closed {
			_ = source.Close() // there is nobody left to tell
		}
	}()

	if err := walkSource(ctx, shape, source, give, item); err == nil {
		return // broken off
	} else if err != io.EOF { //nolint:errorlint // as above
		give(zero, err)
		return
	}
	closed = true
	if err := source.Close(); err != nil {
		give(zero, err)
	}
}

// walkSource passes on the rows of source. It returns the error that ended the reading,
// io.EOF at the end of the rows, and nil if the receiver wants no more.
func walkSource(ctx context.Context, shape Shape, source Source, give func(reflect.Value, error) bool, item reflect.Type) error {
	size := Size
	switch {
	case shape.Form == Stream && IsBytes(shape.Element):
		size = 1
	case shape.Form == Stream:
		size = streamed
	}
	buffer := reflect.MakeSlice(shape.Slice, 0, size)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if shape.Form == BatchStream {
			buffer = reflect.MakeSlice(shape.Slice, 0, size)
		} else {
			buffer.Slice(0, size).Clear() // so that no row keeps what another held
		}
		batch, err := readInto(source, buffer)
		if err != nil {
			return err
		}
		if shape.Form == BatchStream {
			if !give(batch.Convert(item), nil) {
				return nil
			}
			continue
		}
		for i := range batch.Len() {
			// Without the check a slow receiver would get many rows after the end of ctx.
			if err := ctx.Err(); err != nil {
				return err
			}
			if !give(batch.Index(i), nil) {
				return nil
			}
		}
	}
}

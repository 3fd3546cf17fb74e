package rows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// Source gives rows, some at a time. It is used by one goroutine.
type Source interface {
	// Read puts the next rows into dst, a pointer to an empty slice of type Shape.Slice:
	// it writes to the slice's memory from the start and sets its length to how many rows
	// it read, at least one and at most the slice's capacity, which is how many are
	// wanted. The memory is zeroed, and the rows in it are the caller's from then on. At the end
	// Read returns io.EOF itself, not wrapped, and leaves the slice empty. After an error no
	// more is read.
	Read(dst any) error
	// Close releases what the source holds. It is called once.
	Close() error
}

// streamed is how many rows are read at once for a stream that gives them one by one:
// enough to hide what a read costs, few in case the rows are large.
const streamed = 128

// Fill gives dst, a non-nil pointer to rows of any form, the rows of a source.
//
// A slice is read whole before Fill returns: the source is opened with ctx, read and
// closed, and dst stays as it was if any of that fails.
//
// For a sequence Fill only sets dst. Each time the sequence is ranged over, in any
// goroutine, it opens a source of its own with ctx and closes it at the end, when it is
// broken off, and when the loop's body panics. It yields the first error, of opening,
// reading or closing, once with the zero value and ends; once ctx has ended it ends with
// ctx's error. Batches hold up to [Size] rows and are the receiver's to keep.
//
// A dst of another type is an error; open is not called then.
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

// walkSource gives away what source has. It returns why it ended, io.EOF at the end, nil if
// no more is wanted.
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

package rows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
)

// Source gives rows, several at a time. It is used by one goroutine at a time, which need not
// be the one that opened it.
//
// A Source may have a method Left() int, which says how many rows it has not given yet. It may be
// an estimate, and 0 if the source does not know. [Fill] asks it so that it makes the memory of a
// large slice only once. A wrong answer costs time or memory, and no rows: the memory grows at
// most 16-fold at once.
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
// source of its own, with a context that ends with ctx or with the pass. From the second batch
// on, a goroutine reads up to two batches ahead of the loop. It ends before the pass ends. The
// pass closes the source at its end, also if the loop stops early or its body panics. The
// first error of opening, reading or closing is yielded once, with the zero value, and ends
// the sequence. A panic of the source panics in the loop, after the rows before it. After ctx
// has ended, the sequence ends with the error of ctx. Batches hold up to [Size] rows and
// belong to the receiver.
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
	if typed, ok := dst.(typedTarget); ok && shape.Form == Stream {
		typed.stream(ctx, readAtOnce(shape), open)
		return nil
	}
	target.Set(reflect.MakeFunc(target.Type(), func(args []reflect.Value) []reflect.Value {
		pass(ctx, open, caller(ctx, shape, args[0]))
		return nil
	}))
	return nil
}

func readAll(ctx context.Context, shape Shape, open opener) (all reflect.Value, err error) {
	source, err := open(ctx)
	if err != nil {
		return reflect.Value{}, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()

	batch := reflect.New(shape.Slice)
	all = reflect.MakeSlice(shape.Slice, 0, firstCapacity(source))
	for {
		if err := ctx.Err(); err != nil {
			return reflect.Value{}, err
		}
		if all.Len() == all.Cap() {
			all = grown(all, source)
		}
		n := all.Len()
		batch.Elem().Set(all.Slice3(n, n, all.Cap()))
		err := readInto(source, batch.Interface())
		if err == io.EOF { //nolint:errorlint // a wrapped one is a fault half way
			return all, nil
		}
		if err != nil {
			return reflect.Value{}, err
		}
		all = all.Slice(0, n+batch.Elem().Len())
	}
}

// fastest is how many times as large the memory of a slice becomes at once, at most: the end of a
// damaged file may promise any number of rows.
const fastest = 16

// leftIn returns how many rows a source says that it has, 0 if it says nothing.
func leftIn(source Source) int {
	if counted, ok := source.(interface{ Left() int }); ok {
		return max(0, counted.Left())
	}
	return 0
}

// firstCapacity returns the number of rows for which memory is made before the first is read. One
// more than there are, since the end of the source is found by a read.
func firstCapacity(source Source) int {
	if left := leftIn(source); left > 0 && left < Size {
		return left + 1
	}
	return Size
}

// grown returns a slice with more memory and the same rows. On the way to a large size it passes
// sizes that are small parts of it, so that the last copy is cheap.
func grown(full reflect.Value, source Source) reflect.Value {
	n := full.Len()
	wanted := 2 * n
	if left := leftIn(source); left > 0 {
		wanted = max(n+min(left, math.MaxInt/2)+1, n+n/4+1)
	}
	for wanted > fastest*n {
		wanted = max(wanted/fastest+1, 2*n)
	}
	bigger := reflect.MakeSlice(full.Type(), n, wanted)
	reflect.Copy(bigger, full)
	return bigger
}

// readAtOnce returns how many rows are read at once for a sequence.
func readAtOnce(shape Shape) int {
	switch {
	case shape.Form == BatchStream:
		return Size
	case IsBytes(shape.Element):
		return 1
	}
	return streamed
}

// caller gives rows to a loop of a type that is known only at run time.
func caller(ctx context.Context, shape Shape, yield reflect.Value) receiver {
	item, size := yield.Type().In(0), readAtOnce(shape)
	arguments := []reflect.Value{{}, reflect.Zero(errorType)}
	give := func(v reflect.Value) error {
		arguments[0] = v
		if !yield.Call(arguments)[0].Bool() {
			return errEnough
		}
		return nil
	}
	to := receiver{
		owns: shape.Form == BatchStream,
		memory: func() any {
			batch := reflect.New(shape.Slice)
			batch.Elem().Set(reflect.MakeSlice(shape.Slice, 0, size))
			return batch.Interface()
		},
		fail: func(err error) {
			yield.Call([]reflect.Value{reflect.Zero(item), reflect.ValueOf(&err).Elem()})
		},
	}
	if shape.Form == BatchStream {
		to.give = func(batch any) error { return give(reflect.ValueOf(batch).Elem().Convert(item)) }
		return to
	}
	ended := ctx.Done()
	to.give = func(batch any) error {
		read := reflect.ValueOf(batch).Elem()
		for i := range read.Len() {
			select {
			case <-ended: // or a slow receiver would get many rows after the end of ctx
				return ctx.Err()
			default:
			}
			if err := give(read.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	return to
}

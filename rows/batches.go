package rows

import (
	"fmt"
	"iter"
	"reflect"
)

// Size is the default number of rows in a batch.
const Size = 1024

// Batches yields the rows of value in batches of at most size rows. size <= 0 means
// [Size]. The type of value must be one that [Of] recognises. No batch is empty, and each
// batch is of type Shape.Slice.
//
// A batch, and the memory that its rows refer to, is valid until the next one is requested. It
// must not be written to, because it may be a part of the given slice.
//
// A sequence may use the memory of a row or of a batch again after it has yielded it. So where
// single rows are gathered, rows behind pointers, and the slices, maps and pointers of a row,
// are copied. Rows that cannot be copied are not gathered, but each is a batch of its own: rows
// with interfaces, rows of types that hold themselves, and rows with memory behind unexported
// fields. The same is true for chunks of bytes.
//
// An error of a sequence is yielded once, as (nil, err), after the rows before it. A nil
// sequence, and a value that is not rows, lead to such an error too. A nil slice has no
// rows. A panic in a sequence passes through. If the caller stops early, the sequence ends.
func Batches(value any, size int) iter.Seq2[any, error] {
	if size <= 0 {
		size = Size
	}
	return func(yield func(any, error) bool) {
		v := reflect.ValueOf(value)
		shape, ok := Of(reflect.TypeOf(value))
		switch {
		case !ok:
			yield(nil, fmt.Errorf("a %T is not rows", value))
		case shape.Form == Slice:
			split(v.Convert(shape.Slice), size, yield)
		case v.IsNil():
			yield(nil, fmt.Errorf("the %v is nil", v.Type()))
		case shape.Form == BatchStream:
			walkBatches(v, shape, size, yield)
		default:
			batchRows(value, shape, size, yield)
		}
	}
}

func batchRows(value any, shape Shape, size int, yield func(any, error) bool) {
	own, ok := owning(shape.Element)
	if !ok || IsBytes(shape.Element) {
		size, own = 1, nil
	}
	if typed, ok := value.(typedRows); ok {
		typed.batches(size, own, yield)
		return
	}
	walkRows(reflect.ValueOf(value), shape, size, own, yield)
}

// split yields parts of a slice and reports whether the caller wants more.
func split(all reflect.Value, size int, yield func(any, error) bool) bool {
	if n := all.Len(); 0 < n && n <= size {
		return yield(all.Interface(), nil)
	}
	for from := 0; from < all.Len(); from += size {
		to := min(from+size, all.Len())
		if !yield(all.Slice3(from, to, to).Interface(), nil) {
			return false
		}
	}
	return true
}

func walkBatches(sequence reflect.Value, shape Shape, size int, yield func(any, error) bool) {
	walk(sequence, func(item reflect.Value, err error) bool {
		if err != nil {
			yield(nil, err)
			return false
		}
		return split(item.Convert(shape.Slice), size, yield)
	})
}

func walkRows(sequence reflect.Value, shape Shape, size int, own func(row reflect.Value), yield func(any, error) bool) {
	batch := reflect.MakeSlice(shape.Slice, size, size)
	var places []reflect.Value // of the rows of the batch, each looked up once for all batches
	n, wanted := 0, true
	var fault error
	walk(sequence, func(item reflect.Value, err error) bool {
		if fault = err; err != nil {
			return false
		}
		if n == len(places) {
			places = append(places, batch.Index(n))
		}
		places[n].Set(item)
		if own != nil {
			own(places[n])
		}
		if n++; n == size {
			n, wanted = 0, yield(batch.Interface(), nil)
		}
		return wanted
	})
	if wanted && n > 0 {
		wanted = yield(batch.Slice3(0, n, n).Interface(), nil)
	}
	if wanted && fault != nil {
		yield(nil, fault)
	}
}

// walk calls a sequence. After each has returned false, it is not called again, even if the
// sequence ignores the result and continues.
func walk(sequence reflect.Value, each func(item reflect.Value, err error) bool) {
	yield := sequence.Type().In(0)
	goOn, end := []reflect.Value{reflect.ValueOf(true).Convert(yield.Out(0))}, []reflect.Value{reflect.ValueOf(false).Convert(yield.Out(0))}
	more := true
	call := func(args []reflect.Value) []reflect.Value {
		if more {
			var err error
			if !args[1].IsNil() {
				err, _ = args[1].Interface().(error)
			}
			more = each(args[0], err)
		}
		if more {
			return goOn
		}
		return end
	}
	sequence.Call([]reflect.Value{reflect.MakeFunc(yield, call)})
}

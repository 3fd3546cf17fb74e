package rows

import (
	"fmt"
	"reflect"
)

// Form is the form of rows: a slice, a stream, or a stream of batches.
type Form int

// The forms of rows of R.
const (
	// Slice is []R or []*R, or a type defined as one.
	Slice Form = iota + 1
	// Stream is Seq[R], iter.Seq2[R, error], or any type whose underlying type is
	// func(func(R, error) bool).
	Stream
	// BatchStream is iter.Seq2[[]R, error], or any type whose underlying type is
	// func(func([]R, error) bool).
	BatchStream
)

// String returns "slice", "stream" or "batch stream".
func (f Form) String() string {
	switch f {
	case Slice:
		return "slice"
	case Stream:
		return "stream"
	case BatchStream:
		return "batch stream"
	}
	return fmt.Sprintf("Form(%d)", int(f))
}

// Streams reports whether the form is a sequence. A sequence may have more rows than fit
// into memory.
func (f Form) Streams() bool { return f == Stream || f == BatchStream }

// Shape describes a Go type that holds rows.
type Shape struct {
	Form Form
	// Element is the type of one row: R, or *R if the rows are behind pointers.
	Element reflect.Type
	// Slice is []Element, without a name.
	Slice reflect.Type
}

var errorType = reflect.TypeFor[error]()

// Of returns the shape of t, and false if t does not hold rows. Every slice holds rows,
// except slices of bytes. A caller that can use only some types of rows checks Element. A
// sequence of slices is a stream of batches, but iter.Seq2[[]byte, error] is a Stream of
// chunks. If t is nil, it does not hold rows.
func Of(t reflect.Type) (Shape, bool) {
	switch {
	case t == nil:
		return Shape{}, false
	case t.Kind() == reflect.Slice:
		if IsBytes(t) {
			return Shape{}, false
		}
		return shape(Slice, t.Elem()), true
	case t.Kind() != reflect.Func || t.NumIn() != 1 || t.NumOut() != 0 || t.IsVariadic():
		return Shape{}, false
	}
	yield := t.In(0)
	if yield.Kind() != reflect.Func || yield.NumIn() != 2 || yield.NumOut() != 1 || yield.IsVariadic() ||
		yield.In(1) != errorType || yield.Out(0).Kind() != reflect.Bool {
		return Shape{}, false
	}
	if item := yield.In(0); item.Kind() == reflect.Slice && !IsBytes(item) {
		return shape(BatchStream, item.Elem()), true
	}
	return shape(Stream, yield.In(0)), true
}

func shape(form Form, element reflect.Type) Shape {
	return Shape{Form: form, Element: element, Slice: reflect.SliceOf(element)}
}

// IsBytes reports whether t is []byte, or another slice of a type defined as byte.
func IsBytes(t reflect.Type) bool {
	return t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

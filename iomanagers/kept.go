package iomanagers

import (
	"context"
	"fmt"
	"io"
	"iter"
	"reflect"

	"github.com/fxrun/fxrun/rows"
)

// kept is a value in memory. It is not changed once it is made.
type kept struct {
	value   reflect.Value   // of another type than a stream
	shape   rows.Shape      // of a stream
	batches []reflect.Value // of a stream, each of type shape.Slice
	runID   string          // that made it
}

// keep returns a copy of value, which is declared to be of type t.
func keep(ctx context.Context, t reflect.Type, value any, progress func(rows int64)) (kept, error) {
	if shape, ok := rows.Of(reflect.TypeOf(value)); ok && shape.Form.Streams() {
		return keepStream(ctx, shape, value, progress)
	}
	given := reflect.New(t).Elem()
	if value != nil {
		given.Set(reflect.ValueOf(value))
	}
	copied, err := deepCopy(given)
	return kept{value: copied}, err
}

func keepStream(ctx context.Context, shape rows.Shape, value any, progress func(rows int64)) (kept, error) {
	k := kept{shape: shape}
	counted := 0
	for batch, err := range rows.Batches(value, 0) {
		if err != nil {
			return kept{}, fmt.Errorf("the stream ends after %d rows: %w", counted, err)
		}
		if err := ctx.Err(); err != nil {
			return kept{}, err
		}
		copied, err := deepCopy(reflect.ValueOf(batch))
		if err != nil {
			return kept{}, err
		}
		counted += copied.Len()
		if progress != nil {
			progress(int64(counted))
		}
		k.add(copied)
	}
	return k, nil
}

// add adds a batch. A stream whose rows come one by one is kept in whole batches as well.
func (k *kept) add(batch reflect.Value) {
	if last := len(k.batches) - 1; last >= 0 && k.batches[last].Len()+batch.Len() <= rows.Size && !isChunks(k.shape) {
		k.batches[last] = reflect.AppendSlice(k.batches[last], batch)
		return
	}
	k.batches = append(k.batches, batch)
}

func (k kept) streamed() bool { return k.shape.Form != 0 }

// rows counts the rows, -1 for what is no rows.
func (k kept) rows() int {
	switch {
	case k.streamed() && isChunks(k.shape):
		return -1
	case k.streamed():
		n := 0
		for _, batch := range k.batches {
			n += batch.Len()
		}
		return n
	}
	value := k.held()
	if _, ok := rows.Of(value.Type()); ok {
		return value.Len()
	}
	return -1
}

// held returns the value itself where an interface is declared.
func (k kept) held() reflect.Value {
	if k.value.Kind() == reflect.Interface && !k.value.IsNil() {
		return k.value.Elem()
	}
	return k.value
}

// view returns the value as batches of rows; text is rows of one chunk.
func (k kept) view() (rows.Shape, []reflect.Value, bool) {
	if k.streamed() {
		return k.shape, k.batches, true
	}
	held := k.held()
	if shape, ok := rows.Of(held.Type()); ok {
		return shape, []reflect.Value{held.Convert(shape.Slice)}, true
	}
	if isText(held.Type()) {
		return chunks, []reflect.Value{reflect.ValueOf([][]byte{held.Convert(bytesType).Bytes()})}, true
	}
	return rows.Shape{}, nil, false
}

var (
	bytesType = reflect.TypeFor[[]byte]()
	chunks, _ = rows.Of(reflect.TypeFor[iter.Seq2[[]byte, error]]())
)

// isChunks says that rows are chunks of bytes.
func isChunks(shape rows.Shape) bool {
	return shape.Form == rows.Stream && rows.IsBytes(shape.Element)
}

// isText says that t is a string, bytes, or chunks of bytes: forms of one another.
func isText(t reflect.Type) bool {
	shape, ok := rows.Of(t)
	return t.Kind() == reflect.String || rows.IsBytes(t) || ok && isChunks(shape)
}

// give puts a copy into target, in the form that it has.
func (k kept) give(ctx context.Context, target reflect.Value) error {
	if !k.streamed() && k.held().Type().AssignableTo(target.Type()) {
		copied, err := deepCopy(k.held())
		if err == nil {
			target.Set(copied)
		}
		return err
	}
	have, batches, ok := k.view()
	if !ok {
		return k.mismatch(target.Type())
	}
	if isChunks(have) && isText(target.Type()) && !isStream(target.Type()) {
		target.Set(reflect.ValueOf(joined(batches)).Convert(target.Type()))
		return nil
	}
	want, ok := rows.Of(target.Type())
	if !ok && k.streamed() && have.Slice.AssignableTo(target.Type()) {
		// An interface takes a stream as a slice.
		slice := reflect.New(have.Slice).Elem()
		err := k.give(ctx, slice)
		if err == nil {
			target.Set(slice)
		}
		return err
	}
	change := changeRow(have.Element, want.Element)
	if !ok || change == nil {
		return k.mismatch(target.Type())
	}
	return rows.Fill(ctx, target.Addr().Interface(), func(context.Context) (rows.Source, error) {
		return &keptRows{batches: batches, change: change}, nil
	})
}

func isStream(t reflect.Type) bool {
	shape, ok := rows.Of(t)
	return ok && shape.Form.Streams()
}

func (k kept) mismatch(asked reflect.Type) error {
	if k.streamed() {
		return fmt.Errorf("%w: a %v of %v is stored, a %v is asked for", ErrType, k.shape.Form, k.shape.Element, asked)
	}
	return fmt.Errorf("%w: a %v is stored, a %v is asked for", ErrType, k.held().Type(), asked)
}

func joined(batches []reflect.Value) []byte {
	text := []byte{}
	for _, batch := range batches {
		for i := range batch.Len() {
			text = append(text, batch.Index(i).Bytes()...)
		}
	}
	return text
}

// changeRow returns how a copied row of type have becomes one of type want, nil if it can't.
func changeRow(have, want reflect.Type) func(row reflect.Value) (reflect.Value, error) {
	switch {
	case want == nil:
		return nil
	case have.AssignableTo(want):
		return func(row reflect.Value) (reflect.Value, error) { return row, nil }
	case want.Kind() == reflect.Pointer && want.Elem() == have:
		return func(row reflect.Value) (reflect.Value, error) {
			pointer := reflect.New(have)
			pointer.Elem().Set(row)
			return pointer, nil
		}
	case have.Kind() == reflect.Pointer && have.Elem() == want:
		return func(row reflect.Value) (reflect.Value, error) {
			if row.IsNil() {
				return reflect.Value{}, fmt.Errorf("%w: a row is nil, a %v is asked for", ErrType, want)
			}
			return row.Elem(), nil
		}
	}
	return nil
}

// keptRows reads rows in memory.
type keptRows struct {
	batches []reflect.Value
	batch   int // the next row is row from of this batch
	from    int
	change  func(row reflect.Value) (reflect.Value, error)
}

func (r *keptRows) Read(dst any) error {
	for r.batch < len(r.batches) && r.from == r.batches[r.batch].Len() {
		r.batch, r.from = r.batch+1, 0
	}
	if r.batch == len(r.batches) {
		return io.EOF
	}
	target := reflect.ValueOf(dst).Elem()
	n := min(target.Cap(), r.batches[r.batch].Len()-r.from)
	copied, err := deepCopy(r.batches[r.batch].Slice(r.from, r.from+n))
	if err != nil {
		return err
	}
	r.from += n
	target.SetLen(n)
	if copied.Type() == target.Type() {
		reflect.Copy(target, copied)
		return nil
	}
	for i := range n {
		row, err := r.change(copied.Index(i))
		if err != nil {
			return err
		}
		target.Index(i).Set(row)
	}
	return nil
}

// Left returns how many rows have not been read.
func (r *keptRows) Left() int {
	n := -r.from
	for _, batch := range r.batches[r.batch:] {
		n += batch.Len()
	}
	return n
}

func (*keptRows) Close() error { return nil }

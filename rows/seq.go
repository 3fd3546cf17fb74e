package rows

import (
	"context"
	"reflect"
)

// Seq is a sequence of single rows, for the functions of assets to take and to return. It is
// an iter.Seq2[R, error] with another name: loops range over it, a function literal can be
// returned as one, and each of the two can be converted into the other.
//
// The name makes it fast. An IO manager knows R only at run time. It can call an iter.Seq2 only
// by reflection, which costs a third of a microsecond for each row. A Seq brings code that was
// compiled for R. A type that is defined as a Seq does not have this code, and counts as an
// iter.Seq2.
//
// A sequence that is stored may use the memory of a row again after it has yielded it: see
// [Batches].
type Seq[R any] func(yield func(R, error) bool)

// typedRows is a sequence that knows the type of its rows.
type typedRows interface {
	// batches is what [Batches] does, for a sequence that is not nil. own, if it is not nil,
	// gives a gathered row memory of its own.
	batches(size int, own func(row reflect.Value), yield func(any, error) bool)
}

// typedTarget is a destination of [Fill] that knows the type of its rows.
type typedTarget interface {
	// stream makes the destination a sequence, as [Fill] does. Rows are read size at once.
	stream(ctx context.Context, size int, open opener)
}

// IsSeq reports whether t is a [Seq] of any rows. Types that are defined as a Seq are none, since
// they do not have its code.
func IsSeq(t reflect.Type) bool {
	return t != nil && t.Kind() == reflect.Func && t.Implements(reflect.TypeFor[typedRows]())
}

var (
	_ typedRows   = Seq[int](nil)
	_ typedTarget = (*Seq[int])(nil)
)

func (s Seq[R]) batches(size int, own func(row reflect.Value), yield func(any, error) bool) {
	batch := make([]R, 0, size)
	wanted, ended := true, false
	var fault error
	s(func(row R, err error) bool {
		switch {
		case ended: // a sequence that goes on although it was told to end
		case err != nil:
			fault, ended = err, true
		default:
			batch = append(batch, row)
			if own != nil {
				own(reflect.ValueOf(&batch[len(batch)-1]).Elem())
			}
			if len(batch) == size {
				wanted = yield(batch, nil)
				batch, ended = batch[:0], !wanted
			}
		}
		return !ended
	})
	if wanted && len(batch) > 0 {
		wanted = yield(batch[:len(batch):len(batch)], nil)
	}
	if wanted && fault != nil {
		yield(nil, fault)
	}
}

func (s *Seq[R]) stream(ctx context.Context, size int, open opener) {
	memory := func() any {
		batch := make([]R, 0, size)
		return &batch
	}
	*s = func(yield func(R, error) bool) {
		ended := ctx.Done()
		pass(ctx, open, receiver{
			memory: memory,
			give: func(batch any) error {
				for _, row := range *batch.(*[]R) {
					select {
					case <-ended: // or a slow receiver would get many rows after the end of ctx
						return ctx.Err()
					default:
					}
					if !yield(row, nil) {
						return errEnough
					}
				}
				return nil
			},
			fail: func(err error) {
				var zero R
				yield(zero, err)
			},
		})
	}
}

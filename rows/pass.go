package rows

import (
	"context"
	"errors"
	"io"
)

type opener = func(ctx context.Context) (Source, error)

// errEnough is the answer of a receiver that wants no more rows.
var errEnough = errors.New("enough")

// receiver is what a pass over a source needs to know of the loop that ranges over a sequence.
type receiver struct {
	memory func() any            // makes a pointer to an empty slice for one batch
	owns   bool                  // each batch belongs to the receiver, otherwise its memory is used again
	give   func(batch any) error // gives a batch, a pointer that memory has made
	fail   func(err error)       // gives the error that ends the sequence
}

// pass opens a source, gives its rows to the receiver and closes it, whatever happens.
func pass(ctx context.Context, open opener, to receiver) {
	if err := ctx.Err(); err != nil {
		to.fail(err)
		return
	}
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	source, err := open(within)
	if err != nil {
		to.fail(err)
		return
	}
	batches := newAhead(within, source, to)
	closed := false
	defer func() {
		if !closed {
			cancel() // a read that is under way ends
			batches.end()
			_ = source.Close() // there is nobody left to tell
		}
	}()

	switch err := giveAll(ctx, batches, to); err {
	case io.EOF: //nolint:errorlint // a wrapped one is a fault half way
	case errEnough:
		return
	default:
		to.fail(err)
		return
	}
	closed = true
	if err := source.Close(); err != nil {
		to.fail(err)
	}
}

// giveAll returns the error that ended the rows: io.EOF at the end of the source, errEnough if
// the receiver wants no more.
func giveAll(ctx context.Context, batches *ahead, to receiver) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch, err := batches.next()
		if err != nil {
			return err
		}
		if err := to.give(batch); err != nil {
			return err
		}
		batches.done(batch)
	}
}

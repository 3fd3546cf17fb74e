package iomanagers

import (
	"context"
	"fmt"
	"reflect"
	"runtime"

	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/rows"
)

// encodeStream writes what a sequence yields, and closes the encoder, whatever happens. The
// sequence and progress are called in the goroutine of the caller.
func encodeStream(ctx context.Context, encoder RowEncoder, shape rows.Shape, value any, progress func(rows int64)) (counted int, err error) {
	defer func() {
		if closeErr := encoder.Close(); err == nil {
			err = closeErr
		}
	}()
	w := newStreamWriter(encoder, shape, progress)
	defer w.wait()
	for batch, fault := range rows.Batches(value, 0) {
		if fault != nil {
			fault = fmt.Errorf("the stream ends after %d rows: %w", counted, fault)
		} else {
			fault = ctx.Err()
		}
		if fault != nil {
			if err := w.finish(); err != nil {
				return 0, err // which came first
			}
			return 0, fault
		}
		if err := w.write(batch); err != nil {
			return 0, err
		}
		counted += reflect.ValueOf(batch).Len()
	}
	return counted, w.finish()
}

// streamWriter writes batches in a goroutine of its own, while the sequence makes the next rows.
// It copies them, since a sequence may use their memory again. The first batch is written by the
// caller, so that a short stream needs no goroutine.
type streamWriter struct {
	encoder  RowEncoder
	slice    reflect.Type
	progress func(rows int64)
	inStep   bool // all batches are written by the caller
	told     int  // to progress

	begun, running, closed bool

	copies   chan reflect.Value // to be written
	written  chan reflect.Value // closed when the goroutine ends
	fault    error              // of the goroutine, when it has ended
	returned bool               // the goroutine has ended neither by a panic nor by Goexit
}

const (
	// copiesInFlight is how many copies there are: one that is being written, and one that is
	// ready.
	copiesInFlight = 2
	// largestCopied is the size in bytes of the largest row that is copied.
	largestCopied = 4 << 10
)

func newStreamWriter(encoder RowEncoder, shape rows.Shape, progress func(rows int64)) *streamWriter {
	w := &streamWriter{encoder: encoder, slice: shape.Slice, progress: progress}
	w.inStep = runtime.GOMAXPROCS(0) == 1 || !isFlat(shape.Element) || shape.Element.Size() > largestCopied
	return w
}

// write writes a batch, or has it written. The error may be that of an earlier batch.
func (w *streamWriter) write(batch any) error {
	if w.inStep || !w.begun {
		w.begun = true
		if err := w.encoder.Write(batch); err != nil {
			return err
		}
		w.tell(reflect.ValueOf(batch).Len())
		return nil
	}
	w.begin()
	memory, ok := <-w.written
	if !ok {
		return w.outcome()
	}
	w.tell(memory.Len())
	given := reflect.ValueOf(batch)
	if memory.Cap() < given.Len() {
		memory = reflect.MakeSlice(w.slice, given.Len(), max(given.Len(), rows.Size))
	}
	memory = memory.Slice(0, given.Len())
	reflect.Copy(memory, given)
	w.copies <- memory // never waits: there are no more copies than places
	return nil
}

// begin starts the goroutine.
func (w *streamWriter) begin() {
	if w.running {
		return
	}
	w.running = true
	w.copies, w.written = make(chan reflect.Value, copiesInFlight), make(chan reflect.Value, copiesInFlight)
	for range copiesInFlight {
		w.written <- reflect.MakeSlice(w.slice, 0, 0)
	}
	go panics.Call(w.run, func(err error) {
		w.fault = err
		close(w.written)
	})
}

func (w *streamWriter) run() (err error) {
	defer func() { w.returned = err != nil }()
	for batch := range w.copies {
		if err := w.encoder.Write(batch.Interface()); err != nil {
			return err
		}
		w.written <- batch
	}
	return nil
}

func (w *streamWriter) tell(written int) {
	if w.told += written; written > 0 && w.progress != nil {
		w.progress(int64(w.told))
	}
}

// finish returns when everything is written.
func (w *streamWriter) finish() error {
	if !w.running {
		return nil
	}
	w.noMore()
	for memory := range w.written {
		w.tell(memory.Len())
	}
	return w.outcome()
}

// wait returns when the encoder is no longer in use.
func (w *streamWriter) wait() {
	if w.running {
		w.noMore()
		for range w.written { // what nobody asks for any more
		}
	}
}

func (w *streamWriter) noMore() {
	if !w.closed {
		w.closed = true
		close(w.copies)
	}
}

// outcome returns the error that has ended the goroutine. If the encoder has panicked, it
// panics, and if the encoder has ended its goroutine, it ends the caller's.
func (w *streamWriter) outcome() error {
	if w.fault == nil || w.returned {
		return w.fault
	}
	if w.fault == panics.ErrGoexit { //nolint:errorlint // the very value
		runtime.Goexit()
	}
	panic(w.fault)
}

package rows

import (
	"context"
	"fmt"
	"reflect"
	"runtime"

	"github.com/fxrun/fxrun/internal/panics"
)

// inFlight is how many batches of a source exist at once: one that the receiver works on, one
// that is ready, and one that is being read.
const inFlight = 3

// ahead reads a source in a goroutine of its own, while the receiver works on the rows before.
// The first batch is read by the receiver itself, so that a short source, and a receiver that
// only wants a look at the first rows, need no goroutine.
type ahead struct {
	ctx    context.Context //nolint:containedctx // of one pass
	source Source
	to     receiver

	begun    bool
	free     chan any     // memory for batches, nil where it is still to be made
	read     chan outcome // closed when the goroutine ends
	returned bool         // the goroutine did not end by a panic
	running  bool
}

// outcome is a batch, or the error after the last one.
type outcome struct {
	batch any
	err   error
}

func newAhead(ctx context.Context, source Source, to receiver) *ahead {
	// No send waits: there are no more batches than places.
	a := &ahead{ctx: ctx, source: source, to: to, free: make(chan any, inFlight), read: make(chan outcome, inFlight+1)}
	for range inFlight - 1 {
		a.free <- nil
	}
	return a
}

// next returns the next batch, or the error that ended the reading. If the source has panicked,
// it panics, and if the source has ended its goroutine, it ends the caller's.
func (a *ahead) next() (any, error) {
	if !a.begun {
		a.begun = true
		batch := a.to.memory()
		return batch, readInto(a.source, batch)
	}
	if !a.running {
		a.running = true
		go panics.Call(a.run, func(err error) {
			a.read <- outcome{err: err}
			close(a.read)
		})
	}
	out := <-a.read
	if out.err == nil || a.returned {
		return out.batch, out.err
	}
	if out.err == panics.ErrGoexit { //nolint:errorlint // the very value
		runtime.Goexit()
	}
	panic(out.err)
}

// done says that the receiver has finished with a batch.
func (a *ahead) done(batch any) {
	if a.to.owns {
		batch = nil
	}
	a.free <- batch
}

// end returns when the source is no longer being read. The context has ended before, or the
// reading.
func (a *ahead) end() {
	if a.running {
		for range a.read { // what was read in vain
		}
	}
}

func (a *ahead) run() (err error) {
	defer func() { a.returned = err != nil }()
	for {
		var batch any
		select {
		case batch = <-a.free:
		case <-a.ctx.Done():
		}
		if err := a.ctx.Err(); err != nil {
			return err
		}
		if batch == nil {
			batch = a.to.memory()
		} else {
			wipe(batch)
		}
		if err := readInto(a.source, batch); err != nil {
			return err
		}
		a.read <- outcome{batch: batch}
	}
}

// wipe makes memory as empty as new, so that no row keeps what another held.
func wipe(batch any) {
	slice := reflect.ValueOf(batch).Elem()
	slice.SetLen(slice.Cap())
	slice.Clear()
	slice.SetLen(0)
}

// readInto reads rows into a batch, a pointer to an empty slice.
func readInto(source Source, batch any) error {
	read := reflect.ValueOf(batch).Elem()
	size, place := read.Cap(), read.UnsafePointer()
	if err := source.Read(batch); err != nil {
		return err
	}
	if read.Len() == 0 || read.Len() > size || read.UnsafePointer() != place {
		return fmt.Errorf("reading rows: %T gives %d rows outside of the memory for %d", source, read.Len(), size)
	}
	return nil
}

package iomanagers

import (
	"io"
	"reflect"

	"github.com/fxrun/fxrun/rows"
)

// RowCodec is a [Codec] that can also write and read rows batch by batch, in bounded
// memory: what streams are stored and loaded with. The bytes are the same as those of
// Encode, so that a slice stored can be loaded as a stream and the other way round.
//
// slice is []R or []*R, an unnamed type that the codec's CheckType lets pass.
type RowCodec interface {
	Codec

	// NewRowEncoder begins to write rows to w.
	NewRowEncoder(w io.Writer, slice reflect.Type) (RowEncoder, error)

	// NewRowDecoder begins to read rows from r, which is as for Decode. The bytes are known
	// to hold such rows, or an error matches [ErrType], here or from Read.
	NewRowDecoder(r io.Reader, slice reflect.Type) (RowDecoder, error)
}

// RowEncoder writes rows. It is used by one goroutine.
type RowEncoder interface {
	// Write writes the rows of batch, a value of type slice, and keeps none of its memory.
	// An error matches what one of Encode would. After an error only Close is called.
	Write(batch any) error
	// Close ends the format and flushes what is buffered, but does not close w. It is
	// called once, also after an error, whose bytes nobody reads.
	Close() error
}

// RowDecoder reads rows: Read puts some into a *slice, up to its capacity, and Close
// releases what the decoder itself holds, but does not close r.
type RowDecoder = rows.Source

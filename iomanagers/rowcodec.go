package iomanagers

import (
	"io"
	"reflect"

	"github.com/fxrun/fxrun/rows"
)

// RowCodec is a [Codec] that can also write and read rows batch by batch, in bounded memory.
// Streams are stored and loaded with it. The bytes are the same as those of Encode, so a
// stored slice can be loaded as a stream, and a stored stream as a slice.
//
// slice is []R or []*R. It is an unnamed type that CheckType of the codec accepts.
type RowCodec interface {
	Codec

	// NewRowEncoder begins to write rows to w.
	NewRowEncoder(w io.Writer, slice reflect.Type) (RowEncoder, error)

	// NewRowDecoder begins to read rows from r, which is like the r of Decode. If the bytes do
	// not hold such rows, the error of NewRowDecoder or of Read matches [ErrType].
	NewRowDecoder(r io.Reader, slice reflect.Type) (RowDecoder, error)
}

// RowEncoder writes rows. It is used by one goroutine at a time, which need not be the one that
// made it.
type RowEncoder interface {
	// Write writes the rows of batch, a value of type slice, and keeps none of its memory.
	// Its errors match the same errors as those of Encode. After an error only Close is
	// called.
	Write(batch any) error
	// Close writes the end of the format and flushes its buffer, but does not close w. It is
	// called once, also after an error. After an error nobody reads the bytes.
	Close() error
}

// RowDecoder reads rows. Read puts rows into a *slice, up to its capacity. Close releases
// what the decoder itself holds, but does not close r.
type RowDecoder = rows.Source

// Package arrowcodec stores rows and Arrow's own record batches as Apache Arrow IPC files, for
// the managers of package iomanagers. It is a module of its own, because Arrow is a large tree.
package arrowcodec

import (
	"context"
	"fmt"
	"io"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// Arrow returns the codec "arrow": rows and record batches in files named .arrow. They are in
// Arrow's file format (also known as Feather V2), uncompressed, and can be read by whatever reads
// that; files compressed by others can be read.
//
// # Rows
//
// Rows are slices of structs, or of pointers to structs, and streams of them. Each exported field
// is a column under its name, or that of its tag `arrow:"name"`; a field tagged `arrow:"-"` is
// left out. Fields of an embedded struct without a tag are columns of their own.
//
//	bool, string                    bool, utf8
//	int, int8 to int64              int64, int8 to int64
//	uint, uint8 to uint64           uint64, uint8 to uint64
//	float32, float64                float, double
//	[]byte, [n]byte                 binary, fixed size binary
//	time.Time, time.Duration        timestamp[ns, UTC], duration[ns]
//	struct, []T                     struct, list
//	*T                              T that may be null
//
// Types defined as one of these count as these. Every other type is refused with
// [iomanagers.ErrType], with all faults at once. Texts that are not UTF-8, times outside of the
// years 1678 to 2261, the zero time too, and nil rows are refused with
// [iomanagers.ErrUnsupported]: make the field a []byte, or a pointer. Times come back in UTC.
//
// A file can be loaded as rows of another type if every column of that type is in the file under
// the same name and type; columns that may be null may be missing, as long as one is there, and
// columns that the type lacks are ignored. Anything else matches [iomanagers.ErrType].
//
// Rows are written in record batches of at most 65,536 rows and about 8 MiB, and read one batch
// at a time, so that streams need little memory.
//
// # Record batches
//
// An [arrow.RecordBatch], a slice and a stream of them are stored as they are, and the codec is
// chosen for them where an asset asks for no format. All that are stored together must have the same
// schema, its metadata included, and the same dictionaries; those that are not consistent in
// themselves are refused too, all with [iomanagers.ErrUnsupported].
//
// A Store neither keeps nor releases what it is given: whoever made a record batch releases it, once
// Store has returned. For iter.Seq2[[]arrow.RecordBatch, error] that may be as soon as the sequence is asked
// for more. Prefer this form, with one batch in each slice: of iter.Seq2[arrow.RecordBatch, error] a
// manager gathers up to [rows.Size] before it writes the first, so that each must be retained
// until the Store returns.
//
// A loaded record batch is the receiver's. Its memory is Go's own, so it need not be released; it
// may be, once. Its arrays share the one piece of memory that the batch was read into.
// Asked for a single arrow.RecordBatch, a file that holds more or fewer matches [iomanagers.ErrType].
//
// Rows and record batches are the same files. So an [iomanagers.Input] of format "arrow" may ask
// for either, whatever was stored. Package assets offers no such parameter, as it matches rows by
// the type of one.
//
// # Files
//
// Reading begins at the end of the file: a reader that can't read at any offset is read into
// memory. Damaged files are errors; the lengths, offsets and texts in them are checked
// before record batches are given away.
func Arrow() iomanagers.Codec { return codec{memory.NewGoAllocator()} }

type codec struct{ memory memory.Allocator }

var (
	_ iomanagers.TypeChecker = codec{}
	_ iomanagers.TypeClaimer = codec{}
	_ iomanagers.RowCodec    = codec{}
)

func (codec) Name() string      { return "arrow" }
func (codec) Extension() string { return ".arrow" }

func (codec) Claims(t reflect.Type) bool { return isRecord(t) || isRecords(t) }

func (codec) CheckType(t reflect.Type) error {
	if isRecord(t) || isRecords(t) {
		return nil
	}
	_, err := rowOf(t)
	return err
}

func (c codec) Encode(w io.Writer, value any) error {
	encoder, err := c.encoderFor(w, value)
	if err != nil {
		return err
	}
	if err := encoder.Write(value); err != nil {
		_ = encoder.Close() // it only releases
		return err
	}
	return encoder.Close()
}

func (c codec) encoderFor(w io.Writer, value any) (iomanagers.RowEncoder, error) {
	t := reflect.TypeOf(value)
	if t == nil {
		return nil, fmt.Errorf("%w: there is no value", iomanagers.ErrUnsupported)
	}
	if isRecord(t) {
		return c.recordEncoder(w), nil
	}
	return c.NewRowEncoder(w, t)
}

func (c codec) NewRowEncoder(w io.Writer, slice reflect.Type) (iomanagers.RowEncoder, error) {
	if isRecords(slice) {
		return c.recordEncoder(w), nil
	}
	return c.rowEncoder(w, slice)
}

func (c codec) Decode(r io.Reader, dst any) error {
	target := reflect.ValueOf(dst).Elem()
	if t := target.Type(); isRecord(t) || isRecords(t) {
		return c.decodeRecords(r, target)
	}
	if _, err := rowOf(target.Type()); err != nil {
		return err
	}
	return rows.Fill(context.Background(), dst, func(context.Context) (rows.Source, error) {
		return c.rowDecoder(r, target.Type())
	})
}

func (c codec) NewRowDecoder(r io.Reader, slice reflect.Type) (iomanagers.RowDecoder, error) {
	if isRecords(slice) {
		return c.recordDecoder(r)
	}
	return c.rowDecoder(r, slice)
}

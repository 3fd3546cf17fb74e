// Package arrowcodec stores rows, and the record batches of Arrow, as Apache Arrow IPC files, for
// the managers of package iomanagers. It is a Go module of its own, because Arrow has many
// dependencies.
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

// Arrow returns the codec "arrow". It stores rows and record batches in files named .arrow. The
// files have the file format of Arrow (also known as Feather V2), without compression. Every
// program that reads this format can read them. The codec can also read compressed files of other
// programs.
//
// # Rows
//
// Rows are slices of structs, or of pointers to structs, and streams of them. Each exported field
// is a column. The name of the column is the name of the field, or the name in its tag
// `arrow:"name"`. A field with the tag `arrow:"-"` is left out. The fields of an embedded struct
// without a tag are columns too.
//
//	bool, string                    bool, utf8
//	int, int8 to int64              int64, int8 to int64
//	uint, uint8 to uint64           uint64, uint8 to uint64
//	float32, float64                float, double
//	[]byte, [n]byte                 binary, fixed size binary
//	time.Time, time.Duration        timestamp[ns, UTC], duration[ns]
//	struct, []T                     struct, list
//	map[K]T                         map, if K is a text, an integer or a bool
//	*T                              T that may be null
//
// Types that are defined as one of these are stored in the same way. A struct without exported
// fields that has MarshalText and UnmarshalText, such as a netip.Addr, is a utf8. Every other type
// is refused with [iomanagers.ErrType], and the error names all faults. Texts that are not UTF-8,
// times outside of the years 1678 to 2261 (also the zero time), and nil rows are refused with
// [iomanagers.ErrUnsupported]. Make such a field a []byte, or a pointer. Times are loaded in UTC.
// A nil slice or map is loaded as an empty one, and the other way round.
//
// # Files of other programs
//
// Files of pyarrow, pandas and polars are loaded as rows, also compressed ones, wherever no value is
// lost:
//
//	integers           every integer type and float type that holds the value
//	floats             every float type that holds the value, and integers, if it is whole
//	text of each kind  string, and structs with UnmarshalText
//	decimals           the same; the text has all digits, such as "-12.50"
//	bytes of each kind []byte, and [n]byte, if there are n
//	timestamps         time.Time; without a time zone they are read as UTC
//	dates              time.Time, midnight in UTC
//	times of day       time.Duration, since midnight
//	durations          time.Duration
//	lists, maps        slices, maps
//	dictionaries       the type of their values
//
// A number that does not fit in the Go type is refused, and so is a null where the Go type is not
// a pointer. It does not matter whether the file says that a column may be null. The error matches
// [iomanagers.ErrType]. It names the row and the column, and says what to declare. Other column
// types, such as unions, views of lists and run-end encoded columns, are refused with an error that
// names the column. Record batches take them.
//
// Each column of the Go type must be in the file, with the same name. Columns of pointers may be
// missing, if at least one column is in the file, and if no column differs from it in upper and
// lower case only. Columns that are not in the type are ignored. In other cases the error matches
// [iomanagers.ErrType].
//
// Files of Feather V1, and record batches that Arrow 0.17 compressed, are refused.
//
// Rows are written in record batches of at most 65,536 rows and about 8 MiB. They are read one batch
// at a time, so streams need little memory.
//
// # Record batches
//
// An [arrow.RecordBatch], a slice of them and a stream of them are stored without a change. If an
// asset names no format, this codec is chosen for them. All record batches of a value must have the
// same schema, including its metadata, and the same dictionaries. If they do not, or if a record
// batch is not consistent, it is refused with [iomanagers.ErrUnsupported].
//
// A Store neither keeps nor releases a record batch. The code that made the record batch releases
// it after Store has returned. For iter.Seq2[[]arrow.RecordBatch, error] it may release it when the
// sequence is called for more. This form is the best one, with one batch in each slice. With
// iter.Seq2[arrow.RecordBatch, error] a manager collects up to [rows.Size] record batches before it
// writes the first one, so each must be retained until Store returns.
//
// A loaded record batch belongs to the receiver. Its memory is managed by Go, so it need not be
// released. It may be released once. Its arrays share the memory into which the batch was read. If
// a single arrow.RecordBatch is loaded, and the file does not hold exactly one, the error matches
// [iomanagers.ErrType].
//
// Rows and record batches are stored as the same files. So an [iomanagers.Input] with the format
// "arrow" can load both forms. Package assets has no parameter for this, because it finds rows by
// the type of a single row.
//
// # Files
//
// Reading begins at the end of the file. If a reader cannot read at any offset, the file is read
// into memory. A damaged file leads to an error: lengths, offsets and texts are checked before a
// record batch is passed on.
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

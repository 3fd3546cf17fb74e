// Package parquetcodec stores rows as Apache Parquet files, for the file managers of
// package iomanagers.
package parquetcodec

import (
	"context"
	"fmt"
	"io"
	"reflect"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// Parquet returns the codec "parquet". It takes slices of structs, or of pointers to structs,
// and writes files named .parquet.
//
// # Types
//
// Each exported field is a column: numbers, bools, strings, []byte, arrays of bytes, [time.Time],
// [time.Duration], structs, slices, maps whose keys are texts, whole numbers or bools, and pointers
// to all of these, in any nesting. The fields of an embedded struct without a name in its tag are
// columns of the outer struct. Unexported fields are left out. Other types, types that hold
// themselves, and unknown options in tags are refused with [iomanagers.ErrType]. Every value comes
// back as it was, with nil and empty slices apart, or is refused with
// [iomanagers.ErrUnsupported], which names the row and the field. For example, a string that is not
// UTF-8 is refused.
//
// Columns of pointers, slices and maps may be null in the file, other columns may not. Lists and
// maps have the three levels that other programs expect. A time.Duration is a whole number of
// nanoseconds.
//
// The tag `parquet:"name,option,..."` gives a field its column name and these options. "-" leaves
// the field out.
//
//   - optional stores the zero value as null, and loads null as the zero value.
//   - timestamp(unit) stores times in units of millisecond, microsecond or nanosecond.
//     timestamp(unit:local) stores what a clock shows, without a zone. Only times in UTC are taken.
//   - date stores midnight in UTC as a date.
//   - decimal(scale:precision) stores an int32 or int64 as a decimal number. 1230 is 12.30 with
//     decimal(2:9).
//   - uuid stores a [16]byte as a UUID.
//   - dict, delta and plain choose an encoding; zstd, snappy, gzip and uncompressed a compression.
//
// Without a tag, a time.Time is a timestamp in nanoseconds. Such timestamps reach from 1678 to
// 2261, and the zero time is outside of that. With timestamp(microsecond), the years 1 to 9999 can
// be stored, in whole microseconds. A time that its column would change is refused. Times are
// loaded in UTC.
//
// # Files of other programs
//
// A file can be loaded as rows of any type whose columns are in the file with the same name, in any
// order. Pointers, slices and maps whose columns are missing are nil, and columns that are not in
// the type are ignored. A column fits a field if all of its values could:
//
//   - Whole numbers go into Go types of other sizes, and a number that does not fit is an error.
//   - Single floats go into float64. Numbers are not turned into floats, or floats into numbers.
//   - Timestamps in any unit, with or without a zone, dates, and times of 96 bits go into
//     time.Time. Timestamps without a zone are taken as UTC.
//   - Times of day go into time.Duration. Durations of other programs go only into whole numbers,
//     because the file does not say their unit.
//   - Decimals go into strings, and into whole numbers whose tag has the same scale. They do not go
//     into floats, which would change them.
//   - Null goes into pointers, slices, maps and fields with the option optional. In other fields it
//     is an error.
//
// Where the contents do not fit, the error matches [iomanagers.ErrType] and names the column and
// the row. Columns that are compressed with LZ4 are refused with [iomanagers.ErrUnsupported].
//
// # Memory
//
// Pages are compressed with zstd. The first 8,192 rows, or 4 MiB, decide how the columns are
// encoded. Rows are written in row groups of about 32 MiB, before compression, and read page by
// page, so memory is bounded. With several processors, columns are written and read by several
// goroutines, which have ended when Write or Read returns. The same rows make the same bytes,
// whatever batches they come in.
//
// The end of a file is read first. If a reader cannot read at any offset, the file is read into
// memory.
func Parquet() iomanagers.Codec { return codec{} }

type codec struct{}

var (
	_ iomanagers.TypeChecker = codec{}
	_ iomanagers.RowCodec    = codec{}
)

func (codec) Name() string      { return "parquet" }
func (codec) Extension() string { return ".parquet" }

func (codec) CheckType(t reflect.Type) error {
	_, _, err := rowsOf(t)
	return err
}

func (c codec) Encode(w io.Writer, value any) error {
	encoder, err := c.NewRowEncoder(w, reflect.TypeOf(value))
	if err != nil {
		return err
	}
	if err := encoder.Write(value); err != nil {
		return err
	}
	return encoder.Close()
}

func (c codec) Decode(r io.Reader, dst any) error {
	t := reflect.TypeOf(dst).Elem()
	if _, _, err := rowsOf(t); err != nil {
		return err
	}
	return rows.Fill(context.Background(), dst, func(context.Context) (rows.Source, error) {
		return c.NewRowDecoder(r, reflect.SliceOf(t.Elem()))
	})
}

// recovered turns a panic of parquet-go, its way to report damaged files and unfit values,
// into an error.
func recovered(err *error) {
	if fault := recover(); fault != nil {
		*err = faultOf(fault)
	}
}

func faultOf(fault any) error {
	if cause, ok := fault.(error); ok {
		return fmt.Errorf("handling Parquet: %w", cause)
	}
	return fmt.Errorf("handling Parquet: %v", fault)
}

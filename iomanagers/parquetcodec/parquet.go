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
// and writes files named .parquet. The schema comes from the Go type and its `parquet` tags,
// by the rules of github.com/parquet-go/parquet-go. Fields that have no column type there
// (interfaces, functions, channels, arrays except those of bytes) are refused with
// [iomanagers.ErrType].
//
// A file can be loaded as rows of another type if every column of that type is in the file
// with the same name and Go type. Columns that may be null may be missing, and columns that
// are not in the type are ignored. In other cases the error matches [iomanagers.ErrType].
//
// A time.Time is a timestamp in nanoseconds, unless a tag says something else. Such timestamps
// reach from 1678 to 2261. A time outside of these years, also the zero time, is refused with
// [iomanagers.ErrUnsupported]. To store the zero time as null, make the field a pointer, or
// give it the tag `parquet:",optional"`. Times are loaded in UTC.
//
// Streams are written in row groups of about 32 MiB and read page by page, so memory is
// bounded. The end of a file is read first. If a reader cannot read at any offset, the file is
// read into memory.
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

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

// Parquet returns the codec "parquet": slices of structs, or of pointers to structs, in
// files named .parquet. The schema follows from the Go type and its `parquet` tags, as
// github.com/parquet-go/parquet-go has it. Fields that it has no column for (interfaces,
// functions, channels, arrays other than of bytes) are refused with [iomanagers.ErrType].
//
// A file can be loaded as rows of another type if every column of that type is in the
// file under the same name and Go type; columns that may be null may be missing, and
// columns that the type lacks are ignored. Anything else matches [iomanagers.ErrType].
//
// A time.Time is a timestamp in nanoseconds unless tagged otherwise, which reaches from
// 1678 to 2261: a time outside, also the zero time, is refused with
// [iomanagers.ErrUnsupported] rather than changed. Make the field a pointer, or tag it
// `parquet:",optional"`, to keep the zero time as null. Times come back in UTC.
//
// Streams are written in row groups of about 32 MiB and read page by page, so that memory
// stays bounded. Reading needs the end of the file first: a reader that can't read at any
// offset is read into memory.
func Parquet() iomanagers.Codec { return codec{} }

type codec struct{}

var (
	_ iomanagers.TypeChecker = codec{}
	_ iomanagers.RowCodec    = codec{}
)

func (codec) Name() string      { return "parquet" }
func (codec) Extension() string { return ".parquet" }

func (codec) CheckType(t reflect.Type) error {
	_, err := schemaOf(t)
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
	if _, err := schemaOf(t); err != nil {
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
		if cause, ok := fault.(error); ok {
			*err = fmt.Errorf("handling Parquet: %w", cause)
		} else {
			*err = fmt.Errorf("handling Parquet: %v", fault)
		}
	}
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

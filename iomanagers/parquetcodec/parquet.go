// Package parquetcodec stores rows as Apache Parquet files, for the file managers of
// package iomanagers.
package parquetcodec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go"

	"github.com/fxrun/fxrun/iomanagers"
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
// All rows of one value are in memory while it is stored and loaded.
func Parquet() iomanagers.Codec { return codec{} }

type codec struct{}

var _ iomanagers.TypeChecker = codec{}

func (codec) Name() string      { return "parquet" }
func (codec) Extension() string { return ".parquet" }

func (codec) CheckType(t reflect.Type) error {
	_, err := schemaOf(t)
	return err
}

// batch is how many rows pass through parquet-go at a time.
const batch = 512

func (codec) Encode(w io.Writer, value any) (err error) {
	t := reflect.TypeOf(value)
	schema, err := schemaOf(t)
	if err != nil {
		return err
	}
	if err := checkTimes(reflect.ValueOf(value)); err != nil {
		return err
	}
	defer recovered(&err)
	writer := parquet.NewGenericWriter[any](w, schema)
	rows := reflect.ValueOf(value)
	buffer := make([]any, 0, batch)
	for i := range rows.Len() {
		row := rows.Index(i)
		if row.Kind() != reflect.Pointer {
			row = row.Addr() // spares a copy of each
		} else if row.IsNil() {
			return fmt.Errorf("%w: row %d is nil, which is no row to Parquet", iomanagers.ErrUnsupported, i)
		}
		if buffer = append(buffer, row.Interface()); len(buffer) < batch {
			continue
		}
		if _, err := writer.Write(buffer); err != nil {
			return err
		}
		buffer = buffer[:0]
	}
	if _, err := writer.Write(buffer); err != nil {
		return err
	}
	return writer.Close()
}

func (codec) Decode(r io.Reader, dst any) (err error) {
	target := reflect.ValueOf(dst).Elem()
	schema, err := schemaOf(target.Type())
	if err != nil {
		return err
	}
	input, err := sized(r)
	if err != nil {
		return err
	}
	defer recovered(&err)
	file, err := parquet.OpenFile(input, input.Size())
	if err != nil {
		return err
	}
	if err := checkColumns(schema, file.Schema(), ""); err != nil {
		return err
	}
	reader := parquet.NewGenericReader[any](file, schema)
	defer reader.Close() //nolint:errcheck // it was only read
	return readRows(reader, schema, target)
}

func readRows(reader *parquet.GenericReader[any], schema *parquet.Schema, target reflect.Value) error {
	element := target.Type().Elem()
	rows := reflect.MakeSlice(target.Type(), 0, int(min(reader.NumRows(), 1<<20)))
	buffer := make([]parquet.Row, batch)
	for {
		n, err := reader.ReadRows(buffer)
		for _, values := range buffer[:n] {
			row := reflect.New(deref(element))
			if err := schema.Reconstruct(row.Interface(), values); err != nil {
				return fmt.Errorf("row %d: %w", rows.Len(), err)
			}
			if element.Kind() != reflect.Pointer {
				row = row.Elem()
			}
			rows = reflect.Append(rows, row)
		}
		if errors.Is(err, io.EOF) {
			target.Set(rows)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// sizedReaderAt is what Parquet, whose index is at the end, reads from.
type sizedReaderAt interface {
	io.ReaderAt
	Size() int64
}

func sized(r io.Reader) (sizedReaderAt, error) {
	if input, ok := r.(sizedReaderAt); ok {
		return input, nil
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return bytes.NewReader(data), nil
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

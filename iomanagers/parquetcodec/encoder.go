package parquetcodec

import (
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go"

	"github.com/fxrun/fxrun/iomanagers"
)

const (
	// atATime is how many rows are written before their size is looked at: few, in case the rows
	// are large.
	atATime = 128
	// rowGroup is how many bytes, before compression, are gathered until they are written: all
	// that a stream of rows needs of memory.
	rowGroup = 32 << 20
)

func (codec) NewRowEncoder(w io.Writer, slice reflect.Type) (_ iomanagers.RowEncoder, err error) {
	schema, err := schemaOf(slice)
	if err != nil {
		return nil, err
	}
	defer recovered(&err)
	row := deref(slice.Elem())
	e := &encoder{
		writer: parquet.NewGenericWriter[any](w, schema),
		times:  timeCheckOf(row, ""),
	}
	if columns := columnsOf(row, schema); columns != nil {
		byColumn := &columnWriter{columns: columns, writers: e.writer.ColumnWriters()}
		e.write = byColumn.write
	} else {
		e.write = e.writeRows
	}
	return e, nil
}

type encoder struct {
	writer  *parquet.GenericWriter[any]
	times   timeCheck
	write   func(rows reflect.Value) error
	buffer  []any // of writeRows
	row     int   // the next
	flushed int64 // the writer's size at the end of the last row group
	failed  bool
}

func (e *encoder) Write(batch any) (err error) {
	defer func() { e.failed = e.failed || err != nil }()
	defer recovered(&err)
	rows := reflect.ValueOf(batch)
	for from := 0; from < rows.Len(); from += atATime {
		part := rows.Slice(from, min(from+atATime, rows.Len()))
		if err := e.check(part); err != nil {
			return err
		}
		if err := e.write(part); err != nil {
			return err
		}
		e.row += part.Len()
		if e.writer.Size()-e.flushed >= rowGroup {
			if err := e.writer.Flush(); err != nil {
				return err
			}
			e.flushed = e.writer.Size()
		}
	}
	return nil
}

// check reports the first row that Parquet would lose or change.
func (e *encoder) check(rows reflect.Value) error {
	behind := rows.Type().Elem().Kind() == reflect.Pointer
	if !behind && e.times == nil {
		return nil
	}
	for i := range rows.Len() {
		row := rows.Index(i)
		if behind {
			if row.IsNil() {
				return fmt.Errorf("%w: row %d is nil, which is not a row in Parquet", iomanagers.ErrUnsupported, e.row+i)
			}
			row = row.Elem()
		}
		if e.times == nil {
			continue
		}
		if fault := e.times(row); fault != nil {
			return fmt.Errorf("row %d: %w", e.row+i, fault)
		}
	}
	return nil
}

// writeRows writes rows that are no plain columns.
func (e *encoder) writeRows(rows reflect.Value) error {
	e.buffer = e.buffer[:0]
	for i := range rows.Len() {
		row := rows.Index(i)
		if row.Kind() != reflect.Pointer {
			row = row.Addr() // spares a copy of each
		}
		e.buffer = append(e.buffer, row.Interface())
	}
	_, err := e.writer.Write(e.buffer)
	clear(e.buffer)
	return err
}

// Close writes the index of the file. After an error there is none to write.
func (e *encoder) Close() (err error) {
	if e.failed {
		return nil
	}
	defer recovered(&err)
	return e.writer.Close()
}

package parquetcodec

import (
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go"

	"github.com/fxrun/fxrun/iomanagers"
)

func (codec) NewRowDecoder(r io.Reader, slice reflect.Type) (_ iomanagers.RowDecoder, err error) {
	schema, err := schemaOf(slice)
	if err != nil {
		return nil, err
	}
	input, err := iomanagers.RandomAccess(r)
	if err != nil {
		return nil, err
	}
	defer recovered(&err)
	file, err := parquet.OpenFile(input, input.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(pageBuffer))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkCompression(file), checkColumns(schema, file.Schema(), "")); err != nil {
		return nil, err
	}
	return &decoder{schema: schema, times: reachOf(schema), columns: schema.Columns(), reader: parquet.NewGenericReader[any](file, schema), buffer: make([]parquet.Row, rowsRead)}, nil
}

const (
	// pageBuffer is how many bytes of a column are read at a time.
	pageBuffer = 64 << 10
	// rowsRead is how many rows are read at a time, at most.
	rowsRead = 512
)

type decoder struct {
	schema  *parquet.Schema
	times   reach
	columns [][]string
	reader  *parquet.GenericReader[any]
	buffer  []parquet.Row
	read    int64 // rows
	err     error // that came with the last rows
}

func (d *decoder) Read(dst any) (err error) {
	defer recovered(&err)
	target := reflect.ValueOf(dst).Elem()
	n := 0
	for n == 0 {
		if d.err == io.EOF && d.read < d.reader.NumRows() { //nolint:errorlint // parquet-go's own
			return fmt.Errorf("after %d of %d rows: %w", d.read, d.reader.NumRows(), io.ErrUnexpectedEOF)
		}
		if d.err != nil {
			return d.err
		}
		n, d.err = d.reader.ReadRows(d.buffer[:min(target.Cap(), len(d.buffer))])
		d.read += int64(n)
	}
	target.SetLen(n)
	for i, values := range d.buffer[:n] {
		if err := d.times.check(values, d.columns, d.read-int64(n-i)); err != nil {
			return err
		}
		if err := d.schema.Reconstruct(target.Index(i).Addr().Interface(), values); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) Close() (err error) {
	defer recovered(&err)
	return d.reader.Close()
}

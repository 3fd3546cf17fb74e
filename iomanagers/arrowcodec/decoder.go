package arrowcodec

import (
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/fxrun/fxrun/iomanagers"
)

func (c codec) rowDecoder(r io.Reader, slice reflect.Type) (_ *rowDecoder, err error) {
	row, err := rowOf(slice)
	if err != nil {
		return nil, err
	}
	file, err := c.open(r, true)
	if err != nil {
		return nil, err
	}
	reads, err := row.reader(file.Schema().Fields(), "")
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &rowDecoder{file: file, reads: reads}, nil
}

type rowDecoder struct {
	file  *file
	reads []reading
	row   int // the number of the next row in the file

	batch arrow.RecordBatch
	gets  []getter // of batch
	next  int      // row of batch
}

func (d *rowDecoder) Read(dst any) (err error) {
	defer recovered(&err)
	for d.batch == nil || d.next == int(d.batch.NumRows()) {
		if err := d.turn(); err != nil {
			return err
		}
	}
	target := reflect.ValueOf(dst).Elem()
	n := min(target.Cap(), int(d.batch.NumRows())-d.next)
	target.SetLen(n)
	if element := target.Type().Elem(); element.Kind() == reflect.Pointer {
		for i := range n {
			target.Index(i).Set(reflect.New(element.Elem()))
		}
	}
	for at, get := range d.gets {
		c := d.reads[at].column
		for i := range n {
			row := target.Index(i)
			if row.Kind() == reflect.Pointer {
				row = row.Elem()
			}
			if fault := get(d.next+i, c.of(row)); fault != nil {
				target.SetLen(0)
				return fmt.Errorf("row %d: %w", d.row+i, fault.in(iomanagers.ErrType, "column "+c.name))
			}
		}
	}
	d.next += n
	d.row += n
	return nil
}

// Left returns how many rows the file says that follow.
func (d *rowDecoder) Left() int {
	left := d.file.index.rows(d.file.next)
	if d.batch != nil {
		left += int(d.batch.NumRows()) - d.next
	}
	return max(0, left)
}

// turn goes on to the next batch.
func (d *rowDecoder) turn() error {
	d.release()
	batch, err := d.file.read()
	if err != nil {
		return err
	}
	d.batch, d.next = batch, 0
	d.gets = opened(d.reads, batch.Column)
	return nil
}

func (d *rowDecoder) release() {
	if d.batch != nil {
		d.batch.Release()
		d.batch, d.gets = nil, nil
	}
}

func (d *rowDecoder) Close() (err error) {
	defer recovered(&err)
	d.release()
	return d.file.Close()
}

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
	file, err := c.open(r)
	if err != nil {
		return nil, err
	}
	if err := checkColumns(row.fields(), file.Schema().Fields(), ""); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &rowDecoder{row: row, file: file}, nil
}

type rowDecoder struct {
	row      *structLayout
	file     *file
	batch    arrow.RecordBatch
	readings []reading // of batch
	next     int       // row of batch
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
	for _, r := range d.readings {
		for i := range n {
			row := target.Index(i)
			if row.Kind() == reflect.Pointer {
				row = row.Elem()
			}
			if err := r.get(d.next+i, r.column.of(row)); err != nil {
				target.SetLen(0)
				return fmt.Errorf("column %s: %w", r.column.name, err)
			}
		}
	}
	d.next += n
	return nil
}

// turn goes on to the next batch.
func (d *rowDecoder) turn() error {
	d.release()
	batch, err := d.file.read()
	if err != nil {
		return err
	}
	d.batch, d.next = batch, 0
	d.readings = d.row.read(batch.Schema().Fields(), batch.Column)
	return nil
}

func (d *rowDecoder) release() {
	if d.batch != nil {
		d.batch.Release()
		d.batch, d.readings = nil, nil
	}
}

func (d *rowDecoder) Close() (err error) {
	defer recovered(&err)
	d.release()
	return d.file.Close()
}

// checkColumns reports what of the wanted columns the stored ones can't give.
func checkColumns(wanted, stored []arrow.Field, path string) error {
	have := map[string]arrow.Field{}
	twice := map[string]bool{}
	for _, f := range stored {
		_, twice[f.Name] = have[f.Name]
		have[f.Name] = f
	}
	found := 0
	for _, w := range wanted {
		s, ok := have[w.Name]
		switch {
		case !ok && w.Nullable:
			continue
		case !ok:
			return fmt.Errorf("%w: the file has no column %s", iomanagers.ErrType, path+w.Name)
		case twice[w.Name]:
			return fmt.Errorf("%w: the file has several columns %s", iomanagers.ErrType, path+w.Name)
		}
		found++
		if err := checkColumn(w, s, path+w.Name); err != nil {
			return err
		}
	}
	if found == 0 {
		return fmt.Errorf("%w: the file has none of the columns that are asked for", iomanagers.ErrType)
	}
	return nil
}

func checkColumn(wanted, stored arrow.Field, path string) error {
	mismatch := fmt.Errorf("%w: column %s is stored as %v%s, not %v%s",
		iomanagers.ErrType, path, stored.Type, nullable(stored), wanted.Type, nullable(wanted))
	if stored.Nullable && !wanted.Nullable || stored.Type.ID() != wanted.Type.ID() {
		return mismatch
	}
	switch want := wanted.Type.(type) {
	case *arrow.StructType:
		return checkColumns(want.Fields(), stored.Type.(*arrow.StructType).Fields(), path+".")
	case *arrow.ListType:
		return checkColumn(want.ElemField(), stored.Type.(*arrow.ListType).ElemField(), path+"[]")
	}
	if !arrow.TypeEqual(wanted.Type, stored.Type) {
		return mismatch
	}
	return nil
}

func nullable(f arrow.Field) string {
	if f.Nullable {
		return " that may be null"
	}
	return ""
}

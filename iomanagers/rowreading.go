package iomanagers

import (
	"context"
	"io"
	"reflect"

	"github.com/fxrun/fxrun/rows"
)

// decodeRows reads all rows of r into dst, a pointer to a slice of rows.
func decodeRows(codec RowCodec, r io.Reader, dst any) error {
	shape, _ := rows.Of(reflect.TypeOf(dst).Elem())
	return rows.Fill(context.Background(), dst, func(context.Context) (rows.Source, error) {
		return codec.NewRowDecoder(r, shape.Slice)
	})
}

// readEach fills the slice that dst points to, up to its capacity, row by row; read gets a
// pointer to each and returns io.EOF at the end.
func readEach(dst any, read func(row any) error) error {
	batch := reflect.ValueOf(dst).Elem()
	n := 0
	defer func() { batch.SetLen(n) }()
	batch.SetLen(batch.Cap())
	for ; n < batch.Len(); n++ {
		err := read(batch.Index(n).Addr().Interface())
		if err == io.EOF && n > 0 { //nolint:errorlint // only a bare io.EOF is the end; it comes again
			return nil
		}
		if err != nil {
			n = 0
			return err
		}
	}
	return nil
}

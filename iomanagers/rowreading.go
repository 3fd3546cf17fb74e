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

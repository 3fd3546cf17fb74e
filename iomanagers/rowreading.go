package iomanagers

import (
	"context"
	"io"
	"math"
	"reflect"

	"github.com/fxrun/fxrun/rows"
)

// decodeRows reads all rows of r into dst, a pointer to a slice of rows.
func decodeRows(codec RowCodec, r io.Reader, dst any) error {
	shape, _ := rows.Of(reflect.TypeOf(dst).Elem())
	return rows.Fill(context.Background(), dst, func(context.Context) (rows.Source, error) {
		text := &countedReader{r: r}
		decoder, err := codec.NewRowDecoder(text, shape.Slice)
		if sized, ok := r.(interface{ Size() int64 }); ok && err == nil {
			return &estimatedRows{RowDecoder: decoder, text: text, size: sized.Size()}, nil
		}
		return decoder, err
	})
}

// countedReader counts the bytes that are read.
type countedReader struct {
	r    io.Reader
	read int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read += int64(n)
	return n, err
}

// estimatedRows estimates how many rows are left by the size of those that have been read.
type estimatedRows struct {
	RowDecoder
	text  *countedReader
	size  int64 // of the whole text, in bytes
	given int   // rows

	first      int   // how many rows the first read gave
	firstBytes int64 // how many bytes it has taken, with those that it read ahead
	bytesOfRow float64
}

func (e *estimatedRows) Read(dst any) error {
	err := e.RowDecoder.Read(dst)
	e.given += reflect.ValueOf(dst).Elem().Len()
	switch {
	case e.given == 0 || e.text.read == 0:
	case e.first == 0:
		e.first, e.firstBytes = e.given, e.text.read
		e.bytesOfRow = float64(e.firstBytes) / float64(e.first)
	case e.text.read < e.size && e.text.read > e.firstBytes:
		// What is read ahead stays the same from the first read to the end of the text.
		e.bytesOfRow = float64(e.text.read-e.firstBytes) / float64(e.given-e.first)
	}
	return err
}

// Left adds an eighth, since rows are not all of one size. A slice with a little too much memory
// needs less than one that was too small and its copy.
func (e *estimatedRows) Left() int {
	if e.bytesOfRow == 0 {
		return 0
	}
	left := float64(e.size)/e.bytesOfRow - float64(e.given)
	return int(max(0, min(left*9/8, math.MaxInt32)))
}

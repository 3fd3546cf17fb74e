package iomanagers

import (
	"bufio"
	"context"
	"io"
	"reflect"

	"github.com/fxrun/fxrun/rows"
)

// draftWriter counts and buffers what is written to a draft until ctx ends.
type draftWriter struct {
	*bufio.Writer
	draft Draft
	bytes int64
}

func newWriter(ctx context.Context, draft Draft) *draftWriter {
	w := &draftWriter{draft: draft}
	w.Writer = bufio.NewWriterSize(writerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, err := draft.Write(p)
		w.bytes += int64(n)
		return n, err
	}), 64<<10)
	return w
}

// encode writes value to w and returns how many rows it has, -1 if it has none to count.
func encode(ctx context.Context, w io.Writer, codec Codec, value any, progress func(rows int64)) (int, error) {
	shape, isRows := rows.Of(reflect.TypeOf(value))
	switch {
	case !isRows:
		return -1, codec.Encode(w, value)
	case !shape.Form.Streams():
		return reflect.ValueOf(value).Len(), codec.Encode(w, value)
	}
	encoder, err := codec.(RowCodec).NewRowEncoder(w, shape.Slice)
	if err != nil {
		return 0, err
	}
	counted, err := encodeStream(ctx, encoder, shape, value, progress)
	if keepsChunks(codec, shape) {
		counted = -1
	}
	return counted, err
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

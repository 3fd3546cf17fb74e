package iomanagers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/fxrun/fxrun/rows"
)

// object is where one value lies and how it is read.
type object struct {
	place     Place
	base      string
	extension string
	codec     Codec
	wanted    wanted
}

func (o object) name() string { return o.base + o.extension }

// load reads the object into target. It decodes aside, so that a fault half way leaves target
// as it was.
func (o object) load(ctx context.Context, target reflect.Value) error {
	content, err := o.wanted.open(ctx, o.place, o.name())
	if err != nil {
		return err
	}
	defer content.Close()
	decoded := reflect.New(target.Type())
	if err := o.codec.Decode(readerOf(ctx, content), decoded.Interface()); err != nil {
		return o.decoding(err)
	}
	target.Set(decoded.Elem())
	return nil
}

// loadStream looks at the beginning of the object and makes dst a stream of it.
func (o object) loadStream(ctx context.Context, shape rows.Shape, t reflect.Type, dst any) error {
	open := func(ctx context.Context) (rows.Source, error) { return o.open(ctx, shape.Slice) }
	source, err := open(ctx)
	if err != nil {
		return err
	}
	if err := source.Close(); err != nil {
		return err
	}
	return rows.Fill(ctx, dst, open)
}

// open opens the object to be read in batches.
func (o object) open(ctx context.Context, slice reflect.Type) (rows.Source, error) {
	content, err := o.wanted.open(ctx, o.place, o.name())
	if err != nil {
		return nil, err
	}
	decoder, err := o.codec.(RowCodec).NewRowDecoder(readerOf(ctx, content), slice)
	if err != nil {
		return nil, errors.Join(o.decoding(err), content.Close())
	}
	return &objectRows{object: o, decoder: decoder, content: content}, nil
}

func (o object) decoding(err error) error {
	return fmt.Errorf("decoding %s: %w", o.place.Path(o.name()), err)
}

// objectRows reads the rows of an object.
type objectRows struct {
	object  object
	decoder RowDecoder
	content Content
}

func (r *objectRows) Read(dst any) error {
	err := r.decoder.Read(dst)
	if err == nil || err == io.EOF { //nolint:errorlint // only the bare one is the end of the rows
		return err
	}
	return r.object.decoding(err)
}

func (r *objectRows) Close() error { return errors.Join(r.decoder.Close(), r.content.Close()) }

// readerOf reads an object until ctx ends, at any offset if the place can.
func readerOf(ctx context.Context, content Content) io.Reader {
	sequential := readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return content.Read(p)
	})
	at, ok := content.(io.ReaderAt)
	if !ok {
		return sizedReader{readerFunc: sequential, size: content.Size()}
	}
	return randomReader{sizedReader: sizedReader{sequential, content.Size()}, at: func(p []byte, off int64) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return at.ReadAt(p, off)
	}}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// sizedReader knows how many bytes there are.
type sizedReader struct {
	readerFunc
	size int64
}

func (r sizedReader) Size() int64 { return r.size }

// randomReader can also be read at any offset.
type randomReader struct {
	sizedReader
	at func(p []byte, off int64) (int, error)
}

func (r randomReader) ReadAt(p []byte, off int64) (int, error) { return r.at(p, off) }

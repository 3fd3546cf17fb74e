package iomanagers

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/fxrun/fxrun/rows"
)

// Gob returns the codec "gob". It writes the encoding of encoding/gob, in files named .gob,
// for values that only Go programs read. The files are smaller than those of JSON. The codec
// can store values that JSON cannot: maps with keys of any type, complex numbers, bytes in
// strings that are not UTF-8, and NaN.
//
// encoding/gob leaves out some values without an error. This codec refuses them. It refuses
// types with interfaces, functions, channels, unexported fields and pointers to pointers with
// [ErrType], unless they marshal themselves. It refuses values with [ErrUnsupported] if they
// hold a pointer to a zero value (which would be loaded as nil), a nil pointer among the
// elements of a slice, or a cycle.
//
// A file must have the fields of the Go type, at any depth, or the error matches [ErrType] and
// names each field that is missing or unknown. Names are compared with upper and lower case, and
// the fields of an embedded struct belong to that struct. [AllowUnknownFields] skips fields of the
// file that the type does not have. To load a file without some of the fields, declare a type
// without them. encoding/gob stores no zero values, but it stores the names of all fields. So a
// zero in the file is a value, and not a missing field.
//
// gob stores float32 and float64 in the same way, and all sizes of integers too. An integer that
// does not fit in the Go type is refused, and so is a float that a float32 or complex64 would round.
//
// Slices are stored in batches, and the last batch is empty. So rows can be streamed, and a
// file without its end is recognised.
func Gob(options ...FieldOption) Codec { return gobCodec{fieldRules(options)} }

type gobCodec struct{ rules }

var (
	_ TypeChecker = gobCodec{}
	_ RowCodec    = gobCodec{}
)

func (gobCodec) Name() string      { return "gob" }
func (gobCodec) Extension() string { return ".gob" }

func (gobCodec) CheckType(t reflect.Type) error {
	return walkGob(t, t.String(), map[reflect.Type]bool{})
}

func (c gobCodec) Encode(w io.Writer, value any) error {
	t := reflect.TypeOf(value)
	if t == nil {
		return fmt.Errorf("%w: it has no type for nil", ErrType)
	}
	if err := c.CheckType(t); err != nil {
		return err
	}
	if _, isRows := rows.Of(t); !isRows {
		return newGobEncoder(w, t).encode(reflect.ValueOf(value))
	}
	e := newGobEncoder(w, t)
	for batch, err := range rows.Batches(value, 0) {
		if err != nil {
			return err
		}
		if err := e.Write(batch); err != nil {
			return err
		}
	}
	return e.Close()
}

func (c gobCodec) Decode(r io.Reader, dst any) error {
	t := reflect.TypeOf(dst).Elem()
	if err := c.CheckType(t); err != nil {
		return err
	}
	if _, isRows := rows.Of(t); isRows {
		return decodeRows(c, collected(r), dst)
	}
	return gobFault(newGobDecoder(r, t, c.rules).Decode(dst))
}

func (gobCodec) NewRowEncoder(w io.Writer, slice reflect.Type) (RowEncoder, error) {
	return newGobEncoder(w, slice), nil
}

type gobEncoder struct {
	encoder *gob.Encoder
	slice   reflect.Type
	check   gobCheck
	row     int
}

func newGobEncoder(w io.Writer, t reflect.Type) *gobEncoder {
	return &gobEncoder{encoder: gob.NewEncoder(w), slice: t, check: newGobCheck(t)}
}

func (e *gobEncoder) Write(batch any) error {
	v := reflect.ValueOf(batch)
	if v.Len() == 0 {
		return nil // would be the end
	}
	if err := e.encode(v); err != nil {
		return fmt.Errorf("in rows from %d: %w", e.row, err)
	}
	e.row += v.Len()
	return nil
}

func (e *gobEncoder) encode(v reflect.Value) error {
	if err := e.check.value(v); err != nil {
		return err
	}
	return e.encoder.EncodeValue(v)
}

func (e *gobEncoder) Close() error {
	return e.encoder.EncodeValue(reflect.MakeSlice(e.slice, 0, 0))
}

func (c gobCodec) NewRowDecoder(r io.Reader, slice reflect.Type) (RowDecoder, error) {
	d := &gobDecoder{decoder: newGobDecoder(r, slice, c.rules), memory: reflect.New(slice)}
	return d, d.next()
}

type gobDecoder struct {
	decoder *gob.Decoder
	memory  reflect.Value // pointer to the slice of the last batch
	batch   reflect.Value // what of it has not been given away
	ended   bool
}

// next decodes a batch.
func (d *gobDecoder) next() error {
	memory := d.memory.Elem()
	memory.Clear() // gob leaves out zeros, and what the rows refer to belongs to others
	memory.SetLen(0)
	err := d.decoder.DecodeValue(d.memory)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return gobFault(err)
	}
	d.batch = memory.Slice(0, memory.Len())
	d.ended = d.batch.Len() == 0
	return nil
}

func (d *gobDecoder) Read(dst any) error {
	if d.batch.Len() == 0 && !d.ended {
		if err := d.next(); err != nil {
			return err
		}
	}
	if d.ended {
		return io.EOF
	}
	target := reflect.ValueOf(dst).Elem()
	n := min(target.Cap(), d.batch.Len())
	target.SetLen(n)
	reflect.Copy(target, d.batch)
	d.batch = d.batch.Slice(n, d.batch.Len())
	return nil
}

func (*gobDecoder) Close() error { return nil }

// gobFault tells a mismatch of types, which gob only words, from damage.
func gobFault(err error) error {
	if err == nil {
		return nil
	}
	for _, mismatch := range []string{"gob: type mismatch", "gob: decoding into local type", "gob: wrong type", "gob: local interface type", "gob: name not registered"} {
		if strings.HasPrefix(err.Error(), mismatch) {
			return fmt.Errorf("%w: %w", ErrType, err)
		}
	}
	return err
}

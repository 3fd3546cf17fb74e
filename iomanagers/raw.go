package iomanagers

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/fxrun/fxrun/rows"
)

// Raw returns a codec that stores bytes without a change. It takes []byte, string, types that
// are defined as one of these, such as `type HTML string`, and streams of chunks,
// iter.Seq2[[]byte, error]. It claims these types, so it stores them unless an asset names
// another format. A nil slice is loaded as an empty one, and chunks may be loaded with other
// sizes.
//
// The names of the files end in the extension. Without its dot, the extension is the name of
// the codec. So a manager can have Raw(".html") and Raw(".png"); the first one claims the
// types. "" means the extension ".bin" and the name "raw". If [Text] is given before Raw, it
// claims the strings.
func Raw(extension string) Codec {
	name := strings.TrimPrefix(extension, ".")
	if name == "" {
		return rawCodec{name: "raw", extension: ".bin"}
	}
	return rawCodec{name: name, extension: "." + name}
}

type rawCodec struct {
	name, extension string
	textOnly        bool // what it claims, not what it takes
}

var (
	_ TypeChecker = rawCodec{}
	_ TypeClaimer = rawCodec{}
	_ RowCodec    = rawCodec{}
)

func (c rawCodec) Name() string      { return c.name }
func (c rawCodec) Extension() string { return c.extension }

func (c rawCodec) Claims(t reflect.Type) bool {
	return t.Kind() == reflect.String || !c.textOnly && rows.IsBytes(t)
}

func (rawCodec) CheckType(t reflect.Type) error {
	if t == nil || t.Kind() != reflect.String && !rows.IsBytes(t) {
		return fmt.Errorf("%w: it takes []byte, string, types defined as those and streams of []byte, not %v", ErrType, t)
	}
	return nil
}

func (c rawCodec) Encode(w io.Writer, value any) error {
	v := reflect.ValueOf(value)
	if err := c.CheckType(reflect.TypeOf(value)); err != nil {
		return err
	}
	var err error
	if v.Kind() == reflect.String {
		_, err = io.WriteString(w, v.String())
	} else {
		_, err = w.Write(v.Bytes())
	}
	return err
}

func (c rawCodec) Decode(r io.Reader, dst any) error {
	target := reflect.ValueOf(dst).Elem()
	if err := c.CheckType(target.Type()); err != nil {
		return err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if target.Kind() == reflect.String {
		target.SetString(string(data))
	} else {
		target.SetBytes(data)
	}
	return nil
}

// NewRowEncoder writes chunks one behind another.
func (c rawCodec) NewRowEncoder(w io.Writer, slice reflect.Type) (RowEncoder, error) {
	return rawEncoder{w}, c.CheckType(slice.Elem())
}

type rawEncoder struct{ w io.Writer }

func (e rawEncoder) Write(batch any) error {
	chunks := reflect.ValueOf(batch)
	for i := range chunks.Len() {
		if _, err := e.w.Write(chunks.Index(i).Bytes()); err != nil {
			return err
		}
	}
	return nil
}

func (rawEncoder) Close() error { return nil }

// chunk is how many bytes are read at a time.
const chunk = 64 << 10

func (c rawCodec) NewRowDecoder(r io.Reader, slice reflect.Type) (RowDecoder, error) {
	return &rawDecoder{r: r}, c.CheckType(slice.Elem())
}

type rawDecoder struct {
	r   io.Reader
	err error // that came with the last bytes
}

// Read gives one chunk, in memory of its own.
func (d *rawDecoder) Read(dst any) error {
	data := make([]byte, chunk)
	n := 0
	for n < len(data) && d.err == nil {
		var read int
		read, d.err = d.r.Read(data[n:])
		n += read
	}
	if n == 0 {
		return d.err
	}
	chunks := reflect.ValueOf(dst).Elem()
	chunks.SetLen(1)
	chunks.Index(0).SetBytes(data[:n])
	return nil
}

func (*rawDecoder) Close() error { return nil }

package iomanagers

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"github.com/fxrun/fxrun/rows"
)

// JSONLines returns the codec "jsonl". It writes one line with a JSON text for each row, in
// files named .jsonl. Many tools for logs and bulk loading read this format. It takes slices
// and streams of every type that [JSON] takes, with the same rules. It ignores empty lines.
func JSONLines() Codec { return jsonLinesCodec{} }

type jsonLinesCodec struct{}

var (
	_ TypeChecker = jsonLinesCodec{}
	_ RowCodec    = jsonLinesCodec{}
)

func (jsonLinesCodec) Name() string      { return "jsonl" }
func (jsonLinesCodec) Extension() string { return ".jsonl" }

func (jsonLinesCodec) CheckType(t reflect.Type) error {
	shape, ok := rows.Of(t)
	if !ok || shape.Form != rows.Slice {
		return fmt.Errorf("%w: it takes slices, not %v", ErrType, t)
	}
	return walkJSON(shape.Element, shape.Element.String(), map[reflect.Type]bool{})
}

func (c jsonLinesCodec) Encode(w io.Writer, value any) error {
	if err := c.CheckType(reflect.TypeOf(value)); err != nil {
		return err
	}
	return newJSONLines(w).Write(value)
}

func (c jsonLinesCodec) Decode(r io.Reader, dst any) error {
	if err := c.CheckType(reflect.TypeOf(dst).Elem()); err != nil {
		return err
	}
	return decodeRows(c, r, dst)
}

func (jsonLinesCodec) NewRowEncoder(w io.Writer, _ reflect.Type) (RowEncoder, error) {
	return newJSONLines(w), nil
}

func (jsonLinesCodec) NewRowDecoder(r io.Reader, _ reflect.Type) (RowDecoder, error) {
	return &jsonLinesDecoder{decoder: json.NewDecoder(r)}, nil
}

type jsonLinesEncoder struct {
	encoder *json.Encoder
	row     int
}

func newJSONLines(w io.Writer) *jsonLinesEncoder {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return &jsonLinesEncoder{encoder: encoder}
}

func (e *jsonLinesEncoder) Write(batch any) error {
	v := reflect.ValueOf(batch)
	for i := range v.Len() {
		// By its address, so that no row is copied into an interface.
		if err := jsonFault(e.encoder.Encode(v.Index(i).Addr().Interface())); err != nil {
			return fmt.Errorf("row %d: %w", e.row, err)
		}
		e.row++
	}
	return nil
}

func (*jsonLinesEncoder) Close() error { return nil }

type jsonLinesDecoder struct {
	decoder *json.Decoder
	row     int
}

func (d *jsonLinesDecoder) Read(dst any) error { return readEach(dst, d.decode) }

// decode reads the next text; at the end it returns io.EOF.
func (d *jsonLinesDecoder) decode(row any) error {
	err := d.decoder.Decode(row)
	if err == io.EOF {
		return err
	}
	if err := jsonFault(err); err != nil {
		return fmt.Errorf("row %d: %w", d.row, err)
	}
	d.row++
	return nil
}

func (*jsonLinesDecoder) Close() error { return nil }

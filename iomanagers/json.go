package iomanagers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fxrun/fxrun/rows"
)

// JSON returns the codec "json". It writes one JSON text and a line end, in files named .json.
//
// It takes every type whose values can be read back. It refuses functions, channels, complex
// numbers, interfaces with methods, structs without an exported field, structs with two fields
// of one name, and types that can marshal but not unmarshal themselves. Tags are those of
// encoding/json. Unexported fields and fields tagged "-" are left out. A time.Duration is a
// number of nanoseconds, and the option ",string" is for numbers only.
//
// A text must fit its Go type, or the error matches [ErrType] and names each field that does
// not fit:
//
//   - A field of the type must be in the text, unless its tag has the option omitempty or
//     omitzero, or it stands in an embedded pointer to a struct.
//   - A field of the text must be in the type, with the same letters in upper and lower case.
//     [AllowUnknownFields] lifts this rule. A map[string]T with the tag ",embed" takes such
//     fields too.
//   - null is a value for pointers, slices, maps and interfaces. It is also one for a type that
//     unmarshals itself and whose zero value is written as null. All other types refuse it, so
//     declare a pointer for what may be null.
//   - A pointer to what may itself be null, such as a **T, a *[]T or a *any, is refused when the
//     type is checked: null could stand for the pointer or for what it points to.
//   - A whole number in an `any` is loaded as float64. It is refused if it has more digits than
//     that can hold.
//   - An array of Go is as long as that of the text.
//
// These rules do not apply to what a type reads in its own UnmarshalJSON or UnmarshalText.
//
// Texts that are not UTF-8 are refused, and so are objects that name a field twice. A byte order
// mark of UTF-8 at the beginning is skipped. A value that would break these rules when it is
// read back is refused when it is stored, with [ErrUnsupported]. So is a value whose text would
// be that of another one: a time in a zone with seconds, and a pointer to nil.
func JSON(options ...FieldOption) Codec { return jsonCodec{fieldRules(options)} }

type jsonCodec struct{ rules }

var (
	_ TypeChecker = jsonCodec{}
	_ RowCodec    = jsonCodec{}
)

func (jsonCodec) Name() string      { return "json" }
func (jsonCodec) Extension() string { return ".json" }

func (jsonCodec) CheckType(t reflect.Type) error {
	_, err := jsonTypeOf(t)
	return err
}

func (c jsonCodec) Encode(w io.Writer, value any) error {
	if value == nil {
		_, err := io.WriteString(w, "null\n")
		return err
	}
	t, err := jsonTypeOf(reflect.TypeOf(value))
	if err != nil {
		return err
	}
	if t.isRows() {
		return encodeRows(c, w, value)
	}
	if t.any || t.own {
		var text bytes.Buffer
		if err := t.encode(&text, value); err != nil {
			return err
		}
		_, err := text.WriteTo(w)
		return err
	}
	if err := json.MarshalWrite(w, value, t.options); err != nil {
		return encodingFault(err)
	}
	if err := t.checkValue(value); err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n")
	return err
}

// encodeRows writes all rows of value, a slice of rows.
func encodeRows(codec RowCodec, w io.Writer, value any) error {
	shape, _ := rows.Of(reflect.TypeOf(value))
	encoder, err := codec.NewRowEncoder(w, shape.Slice)
	if err != nil {
		return err
	}
	for batch, err := range rows.Batches(value, 0) {
		if err != nil {
			return err
		}
		if err := encoder.Write(batch); err != nil {
			return err
		}
	}
	return encoder.Close()
}

func (c jsonCodec) Decode(r io.Reader, dst any) error {
	t, err := jsonTypeOf(reflect.TypeOf(dst).Elem())
	if err != nil {
		return err
	}
	if t.isRows() {
		return decodeRows(c, r, dst)
	}
	r, err = jsonInput(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return errNoJSON
	}
	return t.decode(text, dst, &jsonWalk{rules: c.rules})
}

var errNoJSON = fmt.Errorf("there is no JSON value: %w", io.ErrUnexpectedEOF)

var errUTF16 = errors.New("the text is UTF-16: convert it to UTF-8, as with iconv -f UTF-16 -t UTF-8")

// jsonInput returns r without the mark that may stand before a text.
func jsonInput(r io.Reader) (io.Reader, error) {
	begin := make([]byte, 3)
	n, err := io.ReadFull(r, begin)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	begin = begin[:n]
	if bytes.HasPrefix(begin, []byte("\xff\xfe")) || bytes.HasPrefix(begin, []byte("\xfe\xff")) {
		return nil, errUTF16
	}
	// A text begins with a character of ASCII, which has a zero byte beside it in UTF-16.
	if n > 1 && (begin[0] == 0 || begin[1] == 0) {
		return nil, errUTF16
	}
	return io.MultiReader(bytes.NewReader(bytes.TrimPrefix(begin, []byte("\ufeff"))), r), nil
}

// NewRowEncoder writes the array that Encode would, element by element.
func (jsonCodec) NewRowEncoder(w io.Writer, slice reflect.Type) (RowEncoder, error) {
	rows, err := newJSONRows(slice)
	return &jsonArrayEncoder{w: w, rows: rows}, err
}

type jsonArrayEncoder struct {
	w     io.Writer
	rows  *jsonRows
	begun bool
}

func (e *jsonArrayEncoder) Write(batch any) error {
	texts, err := e.rows.encode(reflect.ValueOf(batch), ',')
	if err != nil {
		return err
	}
	for _, text := range texts {
		before := ","
		if !e.begun {
			e.begun, before = true, "["
		}
		if _, err := io.WriteString(e.w, before); err != nil {
			return err
		}
		if _, err := e.w.Write(text[:len(text)-1]); err != nil {
			return err
		}
	}
	return nil
}

func (e *jsonArrayEncoder) Close() error {
	end := "]\n"
	if !e.begun {
		end = "[]\n"
	}
	_, err := io.WriteString(e.w, end)
	return err
}

// NewRowDecoder reads an array element by element; null is one without elements.
func (c jsonCodec) NewRowDecoder(r io.Reader, slice reflect.Type) (RowDecoder, error) {
	rows, err := newJSONRows(slice)
	if err != nil {
		return nil, err
	}
	rows.rules = c.rules
	r, err = jsonInput(r)
	if err != nil {
		return nil, err
	}
	// Each element is looked at again, so this looks for where it ends only.
	decoder := jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	first, err := decoder.ReadToken()
	if err == io.EOF { //nolint:errorlint // only a bare io.EOF is the end
		return nil, errNoJSON
	}
	if err != nil {
		return nil, decodingFault(err)
	}
	if kind := first.Kind(); kind != '[' && kind != 'n' {
		return nil, fmt.Errorf("%w: the text is not an array of rows", ErrType)
	}
	return &jsonArrayDecoder{rows: rows, decoder: decoder, ended: first.Kind() == 'n'}, nil
}

type jsonArrayDecoder struct {
	rows    *jsonRows
	decoder *jsontext.Decoder
	ended   bool

	texts  []jsonText
	buffer []byte // of texts
}

func (d *jsonArrayDecoder) Read(dst any) error {
	target := reflect.ValueOf(dst).Elem()
	if err := d.elements(target.Cap()); err != nil {
		return err
	}
	if len(d.texts) == 0 {
		return d.end()
	}
	return d.rows.decode(d.texts, target)
}

// elements reads the next elements, at most n.
func (d *jsonArrayDecoder) elements(n int) error {
	d.texts, d.buffer = d.texts[:0], d.buffer[:0]
	var ends []int
	for !d.ended && len(ends) < n && len(d.buffer) < mostText {
		if d.decoder.PeekKind() == ']' {
			_, err := d.decoder.ReadToken()
			d.ended = true
			if err != nil {
				return decodingFault(err)
			}
			break
		}
		element, err := d.decoder.ReadValue()
		if err != nil {
			return fmt.Errorf("row %d: %w", d.rows.row+len(ends), decodingFault(err))
		}
		d.buffer = append(d.buffer, element...)
		ends = append(ends, len(d.buffer))
	}
	from := 0
	for _, to := range ends {
		d.texts = append(d.texts, jsonText{data: d.buffer[from:to]})
		from = to
	}
	return nil
}

// end returns io.EOF if nothing follows the array.
func (d *jsonArrayDecoder) end() error {
	_, err := d.decoder.ReadToken()
	if err == nil {
		return errors.New("something follows the array")
	}
	return decodingFault(err) // a bare io.EOF comes through
}

func (*jsonArrayDecoder) Close() error { return nil }

package iomanagers

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// JSON returns the codec "json". It writes one JSON text and a line end with encoding/json,
// in files named .json.
//
// It takes every type whose values can be read back. It refuses functions, channels, complex
// numbers, interfaces with methods, structs without an exported field, and types that can
// marshal but not unmarshal themselves. The rules of encoding/json apply: unexported fields
// and fields tagged "-" are left out, values in an `any` are loaded as the types of JSON
// (numbers as float64), bytes in a string that are not UTF-8 are replaced, and a field that
// is not in the text stays zero.
func JSON() Codec { return jsonCodec{} }

type jsonCodec struct{}

var (
	_ TypeChecker = jsonCodec{}
	_ RowCodec    = jsonCodec{}
)

func (jsonCodec) Name() string      { return "json" }
func (jsonCodec) Extension() string { return ".json" }

func (jsonCodec) Encode(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return jsonFault(encoder.Encode(value))
}

func (jsonCodec) Decode(r io.Reader, dst any) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return jsonFault(json.Unmarshal(data, dst))
}

// jsonFault says by ErrType or ErrUnsupported what an error of encoding/json means.
func jsonFault(err error) error {
	if _, ok := errors.AsType[*json.UnsupportedTypeError](err); ok {
		return fmt.Errorf("%w: %w", ErrType, err)
	}
	if _, ok := errors.AsType[*json.UnsupportedValueError](err); ok {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%w: %w", ErrType, err)
	}
	return err
}

// NewRowEncoder writes the array that Encode would, element by element.
func (jsonCodec) NewRowEncoder(w io.Writer, _ reflect.Type) (RowEncoder, error) {
	e := &jsonArrayEncoder{w: w}
	e.element = newJSONLines(&e.buffer)
	return e, nil
}

type jsonArrayEncoder struct {
	w       io.Writer
	buffer  bytes.Buffer
	element *jsonLinesEncoder // writes to buffer, with a line end that is cut off
	begun   bool
}

func (e *jsonArrayEncoder) Write(batch any) error {
	v := reflect.ValueOf(batch)
	for i := range v.Len() {
		e.buffer.Reset()
		if err := e.element.Write(v.Slice(i, i+1).Interface()); err != nil {
			return err
		}
		if err := e.begin(','); err != nil {
			return err
		}
		if _, err := e.w.Write(bytes.TrimSuffix(e.buffer.Bytes(), []byte("\n"))); err != nil {
			return err
		}
	}
	return nil
}

// begin writes what stands before an element.
func (e *jsonArrayEncoder) begin(separator byte) error {
	if !e.begun {
		e.begun, separator = true, '['
	}
	_, err := e.w.Write([]byte{separator})
	return err
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
func (jsonCodec) NewRowDecoder(r io.Reader, _ reflect.Type) (RowDecoder, error) {
	decoder := json.NewDecoder(r)
	first, err := decoder.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	if first != json.Delim('[') && first != nil {
		return nil, fmt.Errorf("%w: the text is not an array of rows", ErrType)
	}
	return &jsonArrayDecoder{elements: jsonLinesDecoder{decoder: decoder}, ended: first == nil}, nil
}

type jsonArrayDecoder struct {
	elements jsonLinesDecoder
	ended    bool
}

func (d *jsonArrayDecoder) Read(dst any) error {
	if d.ended {
		return d.end()
	}
	return readEach(dst, func(row any) error {
		if d.ended {
			return io.EOF
		}
		if d.elements.decoder.More() {
			err := d.elements.decode(row)
			if err == io.EOF { //nolint:errorlint // within an array it is not the end
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if _, err := d.elements.decoder.Token(); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		d.ended = true
		return d.end()
	})
}

// end returns io.EOF if nothing follows the array.
func (d *jsonArrayDecoder) end() error {
	_, err := d.elements.decoder.Token()
	if err == nil {
		return errors.New("something follows the array")
	}
	return err
}

func (*jsonArrayDecoder) Close() error { return nil }

func (jsonCodec) CheckType(t reflect.Type) error {
	return walkJSON(t, t.String(), map[reflect.Type]bool{})
}

// walkJSON reports what of type t, found at path, would not come back from JSON.
func walkJSON(t reflect.Type, path string, seen map[reflect.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	refuse := func(why string) error { return fmt.Errorf("%w: %s %s", ErrType, path, why) }

	if t.Kind() == reflect.Pointer {
		return walkJSON(t.Elem(), path, seen)
	}
	if t.Kind() == reflect.Interface {
		if t.NumMethod() > 0 {
			return refuse("is an interface with methods: nothing says what to decode it into")
		}
		return nil
	}
	pointer := reflect.PointerTo(t)
	switch {
	case pointer.Implements(reflect.TypeFor[json.Marshaler]()):
		if !pointer.Implements(reflect.TypeFor[json.Unmarshaler]()) {
			return refuse("has MarshalJSON but no UnmarshalJSON")
		}
		return nil
	case pointer.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		if !pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			return refuse("has MarshalText but no UnmarshalText")
		}
		return nil
	}

	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return refuse("is a " + t.Kind().String() + ", which JSON can't hold")
	case reflect.Slice, reflect.Array:
		return walkJSON(t.Elem(), path, seen)
	case reflect.Map:
		if !isJSONKey(t.Key()) {
			return refuse("has keys of type " + t.Key().String() + ", JSON has only text")
		}
		return walkJSON(t.Elem(), path, seen)
	case reflect.Struct:
		stored := 0
		for f := range fields(t) {
			embedded := f.Anonymous && (f.Type.Kind() == reflect.Struct || f.Type.Kind() == reflect.Pointer)
			if f.Tag.Get("json") == "-" || !f.IsExported() && !embedded {
				continue
			}
			stored++
			if err := walkJSON(f.Type, path+"."+f.Name, seen); err != nil {
				return err
			}
		}
		if stored == 0 && t.NumField() > 0 {
			return refuse("has no field that JSON would store")
		}
	}
	return nil
}

func isJSONKey(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return true
	}
	return t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) &&
		reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

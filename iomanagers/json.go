package iomanagers

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// JSON returns the codec "json": one JSON text and a line end, by encoding/json and with
// its rules, in files named .json.
//
// It takes every type whose values come back: not functions, channels, complex numbers,
// interfaces with methods, structs without an exported field, or types that can only
// marshal themselves. As encoding/json has it, unexported fields and fields tagged "-"
// are left out, values in an `any` come back as JSON's own types (numbers as float64),
// bytes that are no UTF-8 inside a string are replaced, and a field that the text lacks
// stays zero.
func JSON() Codec { return jsonCodec{} }

type jsonCodec struct{}

var _ TypeChecker = jsonCodec{}

func (jsonCodec) Name() string      { return "json" }
func (jsonCodec) Extension() string { return ".json" }

func (jsonCodec) Encode(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	if _, ok := errors.AsType[*json.UnsupportedTypeError](err); ok {
		return fmt.Errorf("%w: %w", ErrType, err)
	}
	if _, ok := errors.AsType[*json.UnsupportedValueError](err); ok {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return err
}

func (jsonCodec) Decode(r io.Reader, dst any) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	err = json.Unmarshal(data, dst)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%w: %w", ErrType, err)
	}
	return err
}

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

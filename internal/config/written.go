package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// jsonable returns a config value in the form that a launch is read from.
// Values that read themselves from text are text. A duration is 5s and not a
// number of nanoseconds. Bytes are text. Structs have their launch names,
// without the fields that are zero.
func (s *Shapes) jsonable(value reflect.Value, text textForm) any {
	if text, ok := text(value); ok {
		return text
	}
	switch t := value.Type(); {
	case t.Kind() == reflect.Pointer && value.IsNil():
		return nil
	case decodesText(t) && t.Kind() != reflect.Pointer:
		return unwritten{}
	case t.Kind() == reflect.Pointer:
		return s.jsonable(value.Elem(), text)
	case isBytes(t):
		return wrappedBase64(value.Bytes())
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		list := make([]any, value.Len())
		for i := range list {
			list[i] = s.jsonable(value.Index(i), text)
		}
		return list
	case t.Kind() == reflect.Map:
		entries := make(map[string]any, value.Len())
		for entry := value.MapRange(); entry.Next(); {
			key := s.jsonable(entry.Key(), text)
			if key == any(unwritten{}) {
				return unwritten{}
			}
			entries[fmt.Sprint(key)] = s.jsonable(entry.Value(), text)
		}
		return plainMap(entries)
	case t.Kind() == reflect.Struct:
		return s.jsonableStruct(value, text)
	case t.Kind() == reflect.String:
		return value.String()
	case value.CanInt():
		return value.Int()
	case value.CanUint():
		return value.Uint()
	case t.Kind() == reflect.Float32:
		return float32(value.Float()) // with the digits of a float32
	case value.CanFloat():
		return value.Float()
	case t.Kind() == reflect.Bool:
		return value.Bool()
	}
	return value.Interface()
}

// unwritten stands for a value that reads itself from text but does not write
// itself.
type unwritten struct{}

// MarshalJSON refuses.
func (unwritten) MarshalJSON() ([]byte, error) { return nil, errors.ErrUnsupported }

// jsonableStruct writes a struct in a list or a map.
func (s *Shapes) jsonableStruct(value reflect.Value, text textForm) any {
	fields := make(map[string]any)
	item := s.item(value.Type())
	for i := range item.fields {
		field := &item.fields[i]
		for _, section := range field.optional {
			pointer, ok := fieldByIndex(value, section.index)
			if _, there := lookPath(fields, section.path); ok && !pointer.IsNil() && section.path != "" && !there {
				setPath(fields, section.path, make(map[string]any))
			}
		}
		if inner, ok := fieldByIndex(value, field.index); ok && !inner.IsZero() {
			setPath(fields, field.path, s.jsonable(inner, text))
		}
	}
	return fields
}

// holdsSecret reports whether a Secret is anywhere in a value, also in an any.
func holdsSecret(value reflect.Value) bool {
	if isSecret(value.Type()) {
		return true
	}
	switch value.Kind() {
	case reflect.Interface, reflect.Pointer:
		return !value.IsNil() && holdsSecret(value.Elem())
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			if holdsSecret(value.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		for entry := value.MapRange(); entry.Next(); {
			if holdsSecret(entry.Value()) {
				return true
			}
		}
	}
	return false
}

// launchText returns a value as JSON that a launch could have. It returns nil
// if the value may not be shown.
func (s *Shapes) launchText(value reflect.Value) any {
	text, err := plainJSON(s.jsonable(value, asText))
	shown, errShown := plainJSON(s.jsonable(value, shownText))
	if err != nil || errShown != nil || string(text) != string(shown) {
		return nil
	}
	return json.RawMessage(text)
}

// forYAML escapes the characters that JSON allows in its texts and YAML does
// not.
func forYAML(text []byte) []byte {
	if !bytes.ContainsFunc(text, isNotYAML) {
		return text
	}
	var out bytes.Buffer
	for _, r := range string(text) {
		if isNotYAML(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.Bytes()
}

// isNotYAML reports whether YAML refuses a character, or reads it as the end of
// a line.
func isNotYAML(r rune) bool {
	return r >= 0x7f && r <= 0x9f || r == '\ufeff' || r == 0xfffe || r == 0xffff
}

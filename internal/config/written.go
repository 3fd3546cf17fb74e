package config

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kelseyhightower/envconfig"
	"go.yaml.in/yaml/v3"
)

// textForm writes a value as text, or returns false if the value has another form.
// It is [asText] or [shownText].
type textForm func(reflect.Value) (string, bool)

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

// asText returns the text that a value is read from again.
func asText(value reflect.Value) (string, bool) {
	switch value.Type() {
	case reflect.TypeFor[time.Duration]():
		return time.Duration(value.Int()).String(), true
	case reflect.TypeFor[net.HardwareAddr]():
		address := net.HardwareAddr(value.Bytes())
		parsed, err := net.ParseMAC(address.String())
		return address.String(), err == nil && slices.Equal(parsed, address)
	}
	if isBytes(value.Type()) && !decodesText(value.Type()) {
		return string(value.Bytes()), utf8.Valid(value.Bytes())
	}
	if value.Kind() == reflect.Pointer || !decodesText(value.Type()) {
		return "", false
	}
	text, err := ownText(value)
	return text, err == nil
}

// secretText is asText for the values in secrets too.
func secretText(value reflect.Value) (string, bool) {
	if !value.Type().Implements(reflect.TypeFor[hider]()) {
		return asText(value)
	}
	held := reflect.ValueOf(value.Interface().(hider).hidden())
	text, ok := "", false
	if held.IsValid() {
		if text, ok = asText(held); !ok {
			text, ok = fmt.Sprint(held.Interface()), true
		}
	}
	again := reflect.New(value.Type())
	reader, _ := again.Interface().(encoding.TextUnmarshaler)
	if !ok || reader == nil || reader.UnmarshalText([]byte(text)) != nil || !utf8.ValidString(text) {
		return "", false
	}
	return text, reflect.DeepEqual(again.Elem().Interface().(hider).hidden(), held.Interface())
}

// ownText returns the text that a type writes itself, also by a method of its
// pointer.
func ownText(value reflect.Value) (text string, err error) {
	defer func() {
		if recovered := recover(); recovered != nil { // the method is the user's code
			err = fmt.Errorf("writing a %s panicked", typeText(value.Type()))
		}
	}()
	pointer := reflect.New(value.Type())
	pointer.Elem().Set(value)
	_, decodes := pointer.Interface().(envconfig.Decoder)
	_, sets := pointer.Interface().(envconfig.Setter)
	_, unmarshals := pointer.Interface().(encoding.TextUnmarshaler)
	switch v := pointer.Interface().(type) {
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		return string(text), err
	case fmt.Stringer:
		return v.String(), nil
	case encoding.BinaryMarshaler:
		if decodes || sets || unmarshals {
			break
		}
		data, err := v.MarshalBinary()
		return string(data), err
	}
	return "", errors.ErrUnsupported
}

// shownText does what asText does, but without the password of a URL or of a
// connection string.
func shownText(value reflect.Value) (string, bool) {
	if value.Kind() == reflect.Pointer && value.IsNil() {
		return "", false
	}
	if text, ok := redacted(value); ok {
		return redact(text), true
	}
	text, ok := wholeText(value)
	return redact(text), ok
}

// wholeText does what asText does, and returns the text of a string too.
func wholeText(value reflect.Value) (string, bool) {
	if value.Kind() == reflect.String && !decodesText(value.Type()) {
		return value.String(), true
	}
	return asText(value)
}

// storable returns an error if a value cannot be stored and read back as the
// same value.
func (s *Shapes) storable(value reflect.Value) error {
	t := value.Type()
	switch {
	case t.Implements(reflect.TypeFor[hider]()): // a secret is not stored
		return nil
	case t.Kind() == reflect.Pointer:
		if value.IsNil() {
			return nil
		}
		return s.storable(value.Elem())
	case decodesText(t):
		return readsItself(value)
	case value.CanFloat() && !finite(value):
		return errFinite
	case t.Kind() == reflect.String && !utf8.ValidString(value.String()):
		return errNotUTF8
	case isBytes(t):
		return nil
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		for i := range value.Len() {
			if err := s.storable(value.Index(i)); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
	case t.Kind() == reflect.Map:
		for _, key := range sortedKeys(value) {
			if err := errors.Join(s.storable(key), s.storable(value.MapIndex(key))); err != nil {
				return fmt.Errorf("[%v]: %w", key, err)
			}
		}
	case t.Kind() == reflect.Struct:
		item := s.item(t)
		for i := range item.fields {
			if inner, ok := fieldByIndex(value, item.fields[i].index); ok {
				if err := s.storable(inner); err != nil && !inner.IsZero() {
					return fmt.Errorf("%s: %w", item.fields[i].path, err)
				}
			}
		}
	}
	return nil
}

// readsItself checks that a type reads the text that it writes.
func readsItself(value reflect.Value) error {
	text, err := ownText(value)
	if err != nil {
		return fmt.Errorf("the %s can't be written as text%s", typeText(value.Type()), adviceOneWay)
	}
	again := reflect.New(value.Type()).Elem()
	if err := readSelf(textNode(text), again); err == nil && utf8.ValidString(text) {
		if reflect.DeepEqual(again.Interface(), value.Interface()) {
			return nil
		}
		if rewritten, err := ownText(again); err == nil && rewritten == text {
			return nil
		}
	}
	return fmt.Errorf("the %s does not read the text that it writes%s", typeText(value.Type()), adviceOneWay)
}

// adviceOneWay says what to do about a Go value that cannot be stored: text is
// stored as it was given.
const adviceOneWay = ": give it as text, or give the type a method MarshalText"

// base64Key is the key of {base64: TEXT}, which stands for bytes that are not
// UTF-8.
const base64Key = "base64"

// wrappedBase64 writes bytes that are not UTF-8.
func wrappedBase64(data []byte) any {
	return map[string]any{base64Key: base64.StdEncoding.EncodeToString(data)}
}

// unwrapBase64 replaces {base64: TEXT} by a node with the tag !!binary.
func unwrapBase64(node *yaml.Node) *yaml.Node {
	if node.Kind != yaml.MappingNode || len(node.Content) != 2 || node.Content[0].Value != base64Key {
		return node
	}
	text := *followAlias(node.Content[1])
	if text.Kind == yaml.ScalarNode {
		text.Tag = "!!binary"
	}
	return &text
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

// sortedKeys returns the keys of a map in the order of their texts.
func sortedKeys(value reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(value.MapKeys()), func(a, b reflect.Value) int {
		return strings.Compare(fmt.Sprint(a.Interface()), fmt.Sprint(b.Interface()))
	})
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

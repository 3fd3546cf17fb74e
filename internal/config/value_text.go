package config

import (
	"encoding"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/kelseyhightower/envconfig"

	"github.com/fxrun/fxrun/internal/typename"
)

// textForm writes a value as text, or returns false if the value has another form.
// It is [asText] or [shownText].
type textForm func(reflect.Value) (string, bool)

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
			err = fmt.Errorf("writing a %s panicked", typename.Of(value.Type()))
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

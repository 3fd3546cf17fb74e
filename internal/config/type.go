package config

import (
	"encoding"
	"reflect"
	"slices"

	"github.com/kelseyhightower/envconfig"

	"github.com/fxrun/fxrun/internal/typename"
)

// isSecret reports whether a value of type t is a Secret, or contains one.
func isSecret(t reflect.Type) bool { return hasSecret(t, make(map[reflect.Type]bool)) }

func hasSecret(t reflect.Type, seen map[reflect.Type]bool) bool {
	if t.Implements(reflect.TypeFor[hider]()) {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return hasSecret(t.Elem(), seen)
	case reflect.Struct:
		for field := range t.Fields() {
			if field.IsExported() && hasSecret(field.Type, seen) {
				return true
			}
		}
	}
	return false
}

// decodesText reports whether the type reads itself from text, in one of the
// four ways that envconfig knows.
func decodesText(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return pointer.Implements(reflect.TypeFor[envconfig.Decoder]()) ||
		pointer.Implements(reflect.TypeFor[envconfig.Setter]()) ||
		pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) ||
		pointer.Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]())
}

// undecodable says why no layer can give the type a value. It returns "" if a
// layer can.
func undecodable(t reflect.Type, above ...reflect.Type) string {
	if decodesText(t) {
		return ""
	}
	if slices.Contains(above, t) {
		return typename.Of(t) + ", which contains itself,"
	}
	above = append(above, t)
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.Interface, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer, reflect.Uintptr:
		return typename.Of(t)
	case reflect.Struct:
		if isOpaque(t) {
			return typename.Of(t)
		}
	case reflect.Slice, reflect.Pointer, reflect.Array:
		return undecodable(t.Elem(), above...)
	case reflect.Map:
		if reason := undecodable(t.Key(), above...); reason != "" {
			return reason
		}
		if key := t.Key(); !decodesText(key) && slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Struct, reflect.Array}, key.Kind()) {
			return typename.Of(t) + ", whose keys are not single values,"
		}
		return undecodable(t.Elem(), above...)
	}
	return ""
}

// isOpaque reports whether a struct keeps all that it has from other packages, as
// time.Location and sync.Mutex do.
func isOpaque(t reflect.Type) bool {
	for field := range t.Fields() {
		if field.IsExported() || field.Anonymous {
			return false
		}
	}
	return t.NumField() > 0
}

// hasMapOfSecrets reports whether a type is a map whose values contain a secret,
// or a list of such maps.
func hasMapOfSecrets(t reflect.Type) bool {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Map && isSecret(t.Elem())
}

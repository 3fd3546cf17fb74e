package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fxrun/fxrun/internal/typename"
)

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
		return fmt.Errorf("the %s can't be written as text%s", typename.Of(value.Type()), adviceOneWay)
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
	return fmt.Errorf("the %s does not read the text that it writes%s", typename.Of(value.Type()), adviceOneWay)
}

// adviceOneWay says what to do about a Go value that cannot be stored: text is
// stored as it was given.
const adviceOneWay = ": give it as text, or give the type a method MarshalText"

// sortedKeys returns the keys of a map in the order of their texts.
func sortedKeys(value reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(value.MapKeys()), func(a, b reflect.Value) int {
		return strings.Compare(fmt.Sprint(a.Interface()), fmt.Sprint(b.Interface()))
	})
}

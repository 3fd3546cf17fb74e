package history

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
)

const (
	// maxDepth is how many levels of lists, maps, structs and pointers a value
	// may have.
	maxDepth = 100
	// maxParts is how many parts a value may have. A part that several places refer
	// to counts once for each place.
	maxParts = 1_000_000

	refersToItself  = "refers to itself"
	nestedTooDeeply = "is nested more than 100 levels deep"
	tooManyParts    = "has more than 1000000 parts"
)

// valueError says why a value cannot be written.
type valueError struct {
	of  reflect.Type
	why string
}

func (e *valueError) Error() string { return fmt.Sprintf("a %v that %s", e.of, e.why) }

// CheckValue returns an error for a value that other code, such as package fmt, may
// not be able to walk through to its end. Such a value refers to itself through
// maps, slices or pointers, is nested too deeply, or is too large. CheckValue calls
// no method of the value.
func CheckValue(value any) error { return checkValue(reflect.ValueOf(value), 0, true) }

// checkValue checks a value that is depth levels deep in another value. If all is
// true, it also looks at the parts that encoding/json does not look at: unexported
// fields, and the parts of values that have a method MarshalJSON or MarshalText.
func checkValue(v reflect.Value, depth int, all bool) error {
	if !v.IsValid() {
		return nil
	}
	w := &valueWalk{all: all, inside: make(map[place]bool)}
	if why := w.walk(v, depth); why != "" {
		return &valueError{v.Type(), why}
	}
	return nil
}

// place identifies what a map, a slice or a pointer refers to.
type place struct {
	pointer uintptr
	length  int
	of      reflect.Type
}

type valueWalk struct {
	all    bool
	inside map[place]bool // the values that contain the present one
	parts  int
}

var (
	valuesType        = reflect.TypeFor[Values]() // its parts are written by this package
	attrsType         = reflect.TypeFor[Attrs]()  // and those of an Attrs too
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// walk returns a text about what is wrong with a value, or "".
func (w *valueWalk) walk(v reflect.Value, depth int) string {
	w.parts++
	switch {
	case depth > maxDepth:
		return nestedTooDeeply
	case w.parts > maxParts:
		return tooManyParts
	case !w.all && v.Type() != valuesType && v.Type() != attrsType && (v.Type().Implements(marshalerType) || v.Type().Implements(textMarshalerType)):
		return ""
	}
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		at := place{pointer: v.Pointer(), of: v.Type()}
		if v.Kind() == reflect.Slice {
			at.length = v.Len()
		}
		if w.inside[at] {
			return refersToItself
		}
		w.inside[at] = true
		defer delete(w.inside, at)
		return w.walkParts(v, depth+1)
	case reflect.Interface:
		if v.IsNil() {
			return ""
		}
		return w.walk(v.Elem(), depth)
	case reflect.Array, reflect.Struct:
		return w.walkParts(v, depth+1)
	default:
		return ""
	}
}

func (w *valueWalk) walkParts(v reflect.Value, depth int) (why string) {
	switch v.Kind() {
	case reflect.Pointer:
		return w.walk(v.Elem(), depth)
	case reflect.Map:
		for entry := v.MapRange(); entry.Next() && why == ""; {
			if why = w.walk(entry.Key(), depth); why == "" {
				why = w.walk(entry.Value(), depth)
			}
		}
	case reflect.Struct:
		for i := 0; i < v.NumField() && why == ""; i++ {
			if field := v.Type().Field(i); w.all || (field.IsExported() || field.Anonymous) && field.Tag.Get("json") != "-" {
				why = w.walk(v.Field(i), depth)
			}
		}
	default: // a list
		if v.Type() == attrsType { // it is one level, like the object that it becomes
			for i := 0; i < v.Len() && why == ""; i++ {
				why = w.walk(v.Index(i).Field(1), depth)
			}
			return why
		}
		if isPlain(v.Type().Elem()) {
			return ""
		}
		for i := 0; i < v.Len() && why == ""; i++ {
			why = w.walk(v.Index(i), depth)
		}
	}
	return why
}

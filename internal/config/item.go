package config

import (
	"fmt"
	"math"
	"reflect"
)

// item returns the definition of a struct in a list or a map. The struct is a
// config of its own, with defaults, required fields and limits.
func (s *Shapes) item(t reflect.Type) *Definition {
	c := &Definition{value: reflect.New(t).Elem(), item: true, shapes: s}
	c.fields = s.of(c).fields
	return c
}

// holdsItems reports whether a value of the type may contain structs that are
// read as configs of their own.
func holdsItems(t reflect.Type) bool { return findsItem(t, make(map[reflect.Type]bool)) }

func findsItem(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] || decodesText(t) {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Struct:
		return true
	case reflect.Slice, reflect.Array, reflect.Pointer, reflect.Map:
		return findsItem(t.Elem(), seen)
	}
	return false
}

// complete returns a Go value with the defaults of the structs in its lists and
// maps. It reports missing values and values that are not allowed. A field that
// is zero counts as not given.
func (s *Shapes) complete(at string, value reflect.Value) (reflect.Value, []error) {
	if !holdsItems(value.Type()) {
		return value, nil
	}
	completed := reflect.New(value.Type()).Elem()
	var faults []error
	inner := func(at string, inner reflect.Value) reflect.Value {
		completed, more := s.complete(at, inner)
		faults = append(faults, more...)
		return completed
	}
	switch value.Kind() {
	case reflect.Struct:
		item := s.item(value.Type())
		item.value = value
		resolved, faults := item.Resolve(at, nil)
		return resolved.Value, faults
	case reflect.Pointer:
		if !value.IsNil() {
			completed.Set(reflect.New(value.Type().Elem()).Convert(value.Type()))
			completed.Elem().Set(inner(at, value.Elem()))
		}
	case reflect.Slice, reflect.Array:
		if value.Kind() == reflect.Slice && !value.IsNil() {
			completed.Set(reflect.MakeSlice(value.Type(), value.Len(), value.Len()))
		}
		for i := range value.Len() {
			completed.Index(i).Set(inner(fmt.Sprintf("%s[%d]", at, i), value.Index(i)))
		}
	case reflect.Map:
		if !value.IsNil() {
			completed.Set(reflect.MakeMapWithSize(value.Type(), value.Len()))
		}
		for _, key := range sortedKeys(value) {
			completed.SetMapIndex(key, inner(joinPath(at, fmt.Sprint(key.Interface())), value.MapIndex(key)))
		}
	}
	return completed, faults
}

// lacking reports the required fields that an item does not give.
func (c *Definition) lacking(at string, given LaunchValues) []error {
	left, faults := c.leftOut(at, given)
	for i := range c.fields {
		field := &c.fields[i]
		if !field.required || field.isIn(left) {
			continue
		}
		message := ""
		if value, ok := given[field.path]; ok {
			message = c.emptied(field, value)
		} else if field.text == "" {
			message = missing(c, field, "").Error()
		}
		if message != "" {
			faults = append(faults, &FieldError{Path: joinPath(at, field.path), Message: message, missing: true})
		}
	}
	return faults
}

// emptied says that a launch gives an empty value. It returns "" if the value
// is not empty, if it is not known yet, and if it is reported already.
func (c *Definition) emptied(field *Leaf, given launchValue) string {
	if given.broken || given.node == nil {
		return ""
	}
	if _, ok := reference(field.typ, given.node); ok {
		return ""
	}
	value := reflect.New(field.typ).Elem()
	r := reading{shapes: c.shapes}
	r.read(given.node, value, "")
	if empty := emptiness(given.node, value); empty != "" {
		return "missing: the launch gives " + empty
	}
	return ""
}

// filled returns a value that a launch gives by Fields. It has empty lists and
// maps in place of nil ones, because they are read back as empty. In a struct,
// a nil list or map counts as not given.
func filled(value reflect.Value) reflect.Value {
	if decodesText(value.Type()) {
		return value
	}
	switch value.Kind() {
	case reflect.Slice:
		made := reflect.MakeSlice(value.Type(), value.Len(), value.Len())
		for i := range value.Len() {
			made.Index(i).Set(filled(value.Index(i)))
		}
		return made
	case reflect.Map:
		made := reflect.MakeMapWithSize(value.Type(), value.Len())
		for entry := value.MapRange(); entry.Next(); {
			made.SetMapIndex(entry.Key(), filled(entry.Value()))
		}
		return made
	}
	return value
}

// finite reports whether JSON can express a number.
func finite(value reflect.Value) bool {
	return !value.CanFloat() || !math.IsNaN(value.Float()) && !math.IsInf(value.Float(), 0)
}

package iomanagers

import (
	"encoding"
	"encoding/gob"
	"fmt"
	"reflect"
	"unsafe"
)

// walkGob reports what of type t, found at path, gob would lose.
func walkGob(t reflect.Type, path string, seen map[reflect.Type]bool) error {
	if seen[t] {
		return nil
	}
	seen[t] = true
	refuse := func(why string) error { return fmt.Errorf("%w: %s %s", ErrType, path, why) }
	if encodes, decodes := gobMarshals(t); encodes || decodes {
		if !encodes || !decodes {
			return refuse("marshals itself for gob in one direction only")
		}
		return nil
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return refuse("is a " + t.Kind().String() + ", which gob leaves out")
	case reflect.Interface:
		return refuse("is an interface, for which gob needs types registered for the whole process")
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Pointer {
			return refuse("is a pointer to a pointer, of which gob keeps one")
		}
		return walkGob(t.Elem(), path, seen)
	case reflect.Slice, reflect.Array:
		return walkGob(t.Elem(), path, seen)
	case reflect.Map:
		if err := walkGob(t.Key(), path+" key", seen); err != nil {
			return err
		}
		return walkGob(t.Elem(), path, seen)
	case reflect.Struct:
		if t.NumField() == 0 {
			return refuse("has no field")
		}
		for f := range fields(t) {
			if !f.IsExported() {
				return fmt.Errorf("%w: %s.%s is unexported, which gob leaves out", ErrType, path, f.Name)
			}
			if err := walkGob(f.Type, path+"."+f.Name, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

// gobMarshals says whether values of type t encode and decode themselves, in one of the ways
// that gob knows.
func gobMarshals(t reflect.Type) (encodes, decodes bool) {
	if t.Kind() == reflect.Interface {
		return false, false
	}
	pointer := reflect.PointerTo(t)
	can := func(i reflect.Type) bool { return t.Implements(i) || pointer.Implements(i) }
	encodes = can(reflect.TypeFor[gob.GobEncoder]()) || can(reflect.TypeFor[encoding.BinaryMarshaler]())
	decodes = can(reflect.TypeFor[gob.GobDecoder]()) || can(reflect.TypeFor[encoding.BinaryUnmarshaler]())
	return encodes, decodes
}

// gobCheck looks in values of one type for what gob would lose. The zero gobCheck finds
// nothing: the type has no pointers.
type gobCheck struct {
	needed map[reflect.Type]bool // types with pointers somewhere within
}

func newGobCheck(t reflect.Type) gobCheck {
	c := gobCheck{needed: map[reflect.Type]bool{}}
	c.find(t, map[reflect.Type]bool{})
	return c
}

// find fills needed and says whether t has pointers or refers back to a type on the way.
func (c gobCheck) find(t reflect.Type, within map[reflect.Type]bool) bool {
	if known, ok := c.needed[t]; ok {
		return known
	}
	if within[t] {
		return true
	}
	if encodes, _ := gobMarshals(t); encodes && t.Kind() != reflect.Pointer {
		return false
	}
	within[t] = true
	defer delete(within, t)
	needed := false
	switch t.Kind() {
	case reflect.Pointer:
		c.find(t.Elem(), within)
		needed = true
	case reflect.Slice, reflect.Array:
		needed = c.find(t.Elem(), within)
	case reflect.Map:
		needed = c.find(t.Elem(), within) // keys behind pointers would be other keys anyway
	case reflect.Struct:
		for f := range fields(t) {
			needed = c.find(f.Type, within) || needed
		}
	}
	c.needed[t] = needed
	return needed
}

// value reports what of v gob would lose.
func (c gobCheck) value(v reflect.Value) error {
	if !c.needed[v.Type()] {
		return nil
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Errorf("%w: the value is nil, which gob has nothing for", ErrUnsupported)
	}
	return c.walk(v, v.Type().String(), map[unsafe.Pointer]bool{})
}

// walk goes through v, found at path; within holds the pointers, slices and maps on the way.
func (c gobCheck) walk(v reflect.Value, path string, within map[unsafe.Pointer]bool) error {
	if !c.needed[v.Type()] {
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		at := v.UnsafePointer()
		if v.IsNil() || v.Kind() == reflect.Slice && v.Len() == 0 {
			return nil
		}
		if within[at] && v.Kind() != reflect.Slice || len(within) > 10_000 {
			return fmt.Errorf("%w: %s is part of a cycle, or of 10,000 pointers in a row, which gob can't follow", ErrUnsupported, path)
		}
		within[at] = true
		defer delete(within, at)
	}
	switch v.Kind() {
	case reflect.Pointer:
		return c.walk(v.Elem(), path, within)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := c.element(v.Index(i), path, within); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
	case reflect.Map:
		for entry := v.MapRange(); entry.Next(); {
			if err := c.element(entry.Value(), path, within); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for f := range fields(v.Type()) {
			field, fieldPath := v.FieldByIndex(f.Index), path+"."+f.Name
			if field.Kind() == reflect.Pointer && !field.IsNil() && gobOmits(field.Elem()) {
				return fmt.Errorf("%w: %s points to zero, which comes back from gob as nil", ErrUnsupported, fieldPath)
			}
			if err := c.walk(field, fieldPath, within); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c gobCheck) element(v reflect.Value, path string, within map[unsafe.Pointer]bool) error {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Errorf("%w: an element of %s is nil, which gob has nothing for", ErrUnsupported, path)
	}
	return c.walk(v, path, within)
}

// gobOmits says that gob writes nothing for a field that points to v.
func gobOmits(v reflect.Value) bool {
	if encodes, _ := gobMarshals(v.Type()); encodes {
		return v.IsZero()
	}
	switch v.Kind() {
	case reflect.Struct:
		return false
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}

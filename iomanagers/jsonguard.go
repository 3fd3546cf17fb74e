package iomanagers

import (
	"fmt"
	"reflect"
	"time"
)

// jsonGuard finds in values of one Go type what JSON would write as the text of another value: a
// time whose zone has seconds, and a pointer to nil.
type jsonGuard struct {
	find  func(v reflect.Value) error // nil if there is nothing to find
	begun bool                        // and not yet made, since the type holds itself
}

// needed says that values have to be looked at.
func (g *jsonGuard) needed() bool { return g.find != nil || g.begun }

// check reports what is found in a value, of which JSON could write a text. So it has no end.
func (g *jsonGuard) check(v reflect.Value) error {
	if g.find == nil {
		return nil
	}
	return g.find(v)
}

// jsonGuards are those of the types that were met.
type jsonGuards map[reflect.Type]*jsonGuard

func (known jsonGuards) of(s *jsonShape) *jsonGuard {
	if g, ok := known[s.goType]; ok {
		return g
	}
	g := &jsonGuard{begun: true}
	known[s.goType] = g
	switch s.kind {
	case jsonPlain:
		if s.goType == reflect.TypeFor[time.Time]() {
			g.find = zoneWithSeconds
		}
	case jsonPointer:
		g.find = known.pointer(s)
	case jsonStruct:
		g.find = known.structOf(s)
	case jsonList:
		g.find = known.list(s)
	case jsonMap:
		g.find = known.mapOf(s)
	case jsonAny: // what it holds comes back as another type anyway
	}
	g.begun = false
	return g
}

func zoneWithSeconds(v reflect.Value) error {
	t := v.Interface().(time.Time)
	if t.Location() == time.UTC {
		return nil
	}
	if _, offset := t.Zone(); offset%60 != 0 {
		return fmt.Errorf("%w: the zone of %v has an offset with seconds, which the text of a time lacks: store it in UTC", ErrUnsupported, t)
	}
	return nil
}

func (known jsonGuards) pointer(s *jsonShape) func(reflect.Value) error {
	element := known.of(s.element)
	canBeNil := false
	switch s.element.goType.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		canBeNil = s.element.null || s.element.kind == jsonPlain
	}
	if !canBeNil && !element.needed() {
		return nil
	}
	return func(v reflect.Value) error {
		switch {
		case v.IsNil():
			return nil
		case canBeNil && v.Elem().IsNil():
			return fmt.Errorf("%w: a pointer to nil, which would come back as nil", ErrUnsupported)
		}
		return element.check(v.Elem())
	}
}

func (known jsonGuards) structOf(s *jsonShape) func(reflect.Value) error {
	type member struct {
		name  string
		index []int
		guard *jsonGuard
	}
	var members []member
	for _, field := range s.fields {
		if guard := known.of(field.shape); guard.needed() {
			members = append(members, member{field.name, field.index, guard})
		}
	}
	if len(members) == 0 {
		return nil
	}
	return func(v reflect.Value) error {
		for _, m := range members {
			field, err := v.FieldByIndexErr(m.index)
			if err != nil {
				continue // it stands in an embedded pointer, which is nil
			}
			if err := m.guard.check(field); err != nil {
				return fmt.Errorf("field %s: %w", m.name, err)
			}
		}
		return nil
	}
}

func (known jsonGuards) list(s *jsonShape) func(reflect.Value) error {
	element := known.of(s.element)
	if !element.needed() {
		return nil
	}
	return func(v reflect.Value) error {
		for i := range v.Len() {
			if err := element.check(v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
}

func (known jsonGuards) mapOf(s *jsonShape) func(reflect.Value) error {
	element := known.of(s.element)
	if !element.needed() {
		return nil
	}
	return func(v reflect.Value) error {
		for entry := v.MapRange(); entry.Next(); {
			if err := element.check(entry.Value()); err != nil {
				return fmt.Errorf("key %v: %w", entry.Key(), err)
			}
		}
		return nil
	}
}

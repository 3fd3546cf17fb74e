package config

import (
	"reflect"
	"slices"
	"sync"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/typename"
)

// Shapes keeps the leaf fields of the config types of a container. It finds the
// fields of each type once, because a loop may make thousands of steps with a
// config of the same type.
type Shapes struct{ known sync.Map }

// shapeKey has everything that the leaf fields of a config depend on.
type shapeKey struct {
	typ     reflect.Type
	fromEnv bool
	prefix  string
}

type shape struct {
	fields []Leaf // must not be changed
	faults []error
}

func (s *Shapes) of(c *Definition) shape {
	key := shapeKey{c.value.Type(), c.fromEnv, c.prefix}
	if known, ok := s.known.Load(key); ok {
		return known.(shape)
	}
	walk := fieldWalk{shapes: s, fromEnv: c.fromEnv, seen: make(map[string]string), variables: make(map[string]string)}
	walk.structure(key.typ, position{prefix: c.prefix}, nil)
	taken := shape{slices.Clip(walk.fields), walk.faults}
	s.known.Store(key, taken)
	return taken
}

// position is the place in the config struct that the walk has reached.
type position struct {
	path, goName, prefix string
	index                []int
	optional             []optionalSection
}

type fieldWalk struct {
	shapes    *Shapes
	fromEnv   bool
	fields    []Leaf
	faults    []error
	seen      map[string]string // path -> Go name
	variables map[string]string // environment variable -> Go name
}

func (w *fieldWalk) fault(format string, args ...any) {
	w.faults = append(w.faults, fault.Errorf(format, args...))
}

func (w *fieldWalk) structure(t reflect.Type, at position, above []reflect.Type) {
	for _, outer := range above {
		if outer == t {
			w.fault("config %s contains itself at field %s", t, at.goName)
			return
		}
	}
	above = append(above, t)
	for i := range t.NumField() {
		field := t.Field(i)
		for _, err := range wrongTags(field.Tag) {
			w.fault("config field %s: %w", joinPath(at.goName, field.Name), err)
		}
		if isTrue(field.Tag.Get("ignored")) || !field.IsExported() && !field.Anonymous {
			continue
		}
		w.field(field, at, i, above)
	}
}

func (w *fieldWalk) field(field reflect.StructField, at position, i int, above []reflect.Type) {
	inner := position{
		path:   joinPath(at.path, launchName(field)),
		goName: joinPath(at.goName, field.Name),
		prefix: at.prefix,
		index:  append(append([]int(nil), at.index...), i),

		optional: slices.Clip(at.optional),
	}
	structType := field.Type
	if structType.Kind() == reflect.Pointer {
		structType = structType.Elem()
	}
	nested := structType.Kind() == reflect.Struct && !decodesText(structType)
	if !nested && !field.IsExported() || nested && !field.IsExported() && field.Type.Kind() == reflect.Pointer {
		return // envconfig cannot set this field either
	}
	leaf := Leaf{
		path: inner.path, goName: inner.goName, index: inner.index, typ: field.Type,
		text: field.Tag.Get("default"), desc: field.Tag.Get("desc"),
		required: isTrue(field.Tag.Get("required")), secret: isSecret(field.Type), optional: inner.optional,
	}
	if nested {
		if field.Anonymous {
			inner.path, inner.goName = at.path, at.goName
		} else {
			inner.prefix, _ = variableNames(at.prefix, field)
		}
		if isOpaque(structType) {
			w.fault(`config field %s: %s has no field that can be configured: tag the field ignored:"true"`, leaf.goName, typename.Of(structType))
			return
		}
		if name := leafTag(field.Tag); name != "" {
			w.fault("config field %s: its %s tag has no effect on a struct: put it on a field", leaf.goName, name)
		}
		if field.Type.Kind() == reflect.Pointer {
			inner.optional = append(inner.optional, optionalSection{index: inner.index})
			if !field.Anonymous {
				inner.optional[len(inner.optional)-1].path = inner.path
			}
		}
		w.structure(structType, inner, above)
		return
	}
	if reason := undecodable(field.Type); reason != "" {
		w.fault(`config field %s: %s can't be configured: tag the field ignored:"true"`, leaf.goName, reason)
		return
	}
	if other, ok := w.seen[leaf.path]; ok {
		w.fault("config fields %s and %s are both called %q in a run config", other, leaf.goName, leaf.path)
		return
	}
	w.seen[leaf.path] = leaf.goName
	if w.fromEnv {
		leaf.key, leaf.plain = variableNames(at.prefix, field)
		if leaf.plain == leaf.key {
			leaf.plain = ""
		}
		if other, ok := w.variables[leaf.key]; ok {
			w.faults = append(w.faults, twoReaders(other, leaf.goName, leaf.key))
		}
		w.variables[leaf.key] = leaf.goName
	}
	before := len(w.faults)
	leaf.warning = w.items(leaf.typ, leaf.goName, above)
	if len(w.faults) == before { // otherwise the text of a default could not be read either
		w.constrain(&leaf, field.Tag)
	}
	if err := warnOfReadable(&leaf, field); err != nil {
		w.fault("config field %s: %w", leaf.goName, err)
	}
	w.fields = append(w.fields, leaf)
}

// items reports what is wrong with the structs in a list or a map, and returns
// a warning about them.
func (w *fieldWalk) items(t reflect.Type, goName string, above []reflect.Type) (warning string) {
	if decodesText(t) {
		return ""
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return w.items(t.Elem(), goName+"[]", above)
	case reflect.Pointer:
		return w.items(t.Elem(), goName, above)
	case reflect.Struct:
		if slices.Contains(above, t) {
			return "" // its faults are reported where the type stands first
		}
		walk := fieldWalk{shapes: w.shapes, seen: make(map[string]string), variables: make(map[string]string)}
		walk.structure(t, position{goName: goName}, above)
		w.faults = append(w.faults, walk.faults...)
		for _, field := range walk.fields {
			if field.warning != "" {
				return field.goName + ": " + field.warning
			}
		}
	}
	return ""
}

// constrain reads the constraint tags of a leaf and checks the default tag.
func (w *fieldWalk) constrain(leaf *Leaf, tag reflect.StructTag) {
	var faults []error
	leaf.constraint, faults = newConstraint(tag, leaf.typ)
	for _, fault := range faults {
		w.fault("config field %s: %w", leaf.goName, fault)
	}
	if leaf.text != "" {
		value, err := readTag(leaf.text, leaf.typ)
		if err != nil {
			w.fault("config field %s: its default tag is %w", leaf.goName, err)
		} else if must := leaf.violation(value); must != "" {
			w.fault("config field %s: its default tag must %s", leaf.goName, must)
		}
	}
}

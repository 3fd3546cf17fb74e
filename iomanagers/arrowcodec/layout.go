package arrowcodec

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/fxrun/fxrun/iomanagers"
)

// layout is how values of a Go type lie in Arrow's columns.
type layout struct {
	goType   reflect.Type
	dataType arrow.DataType
	nullable bool
	// width is how many bytes each value takes, and more, if there is such a thing, how many a
	// single value takes beside them.
	width int
	more  func(v reflect.Value) int
	// put returns what appends a value to a builder of dataType.
	put func(b array.Builder) putter
	// open returns what reads arrays of a stored type, nil if values of the Go type can't hold theirs.
	// The path leads to the column. An error tells what within the column does not fit.
	open func(stored arrow.DataType, path string) (opener, error)
}

type putter func(v reflect.Value) *fault

// fault is a value that does not come through as it is, and the way to it within its column.
type fault struct {
	path, reason string
	cause        error // may be nil
}

// in returns the error for a value of a column, which matches kind.
func (f *fault) in(kind error, column string) error {
	if f.cause != nil {
		return fmt.Errorf("%w: %s %s: %w", kind, column+f.path, f.reason, f.cause)
	}
	return fmt.Errorf("%w: %s %s", kind, column+f.path, f.reason)
}

func (l layout) field(name string) arrow.Field {
	return arrow.Field{Name: name, Type: l.dataType, Nullable: l.nullable}
}

// rowOf returns the columns of rows of type t, a slice of structs or of pointers to structs.
func rowOf(t reflect.Type) (*structLayout, error) {
	if t == nil || t.Kind() != reflect.Slice || deref(t.Elem()).Kind() != reflect.Struct || deref(t.Elem()) == timeType {
		return nil, fmt.Errorf("%w: it takes slices of structs and record batches, not %v", iomanagers.ErrType, t)
	}
	a := analysis{}
	row := a.structOf(deref(t.Elem()), "")
	if len(a.faults) > 0 {
		return nil, fmt.Errorf("%w: %v: %w", iomanagers.ErrType, deref(t.Elem()), errors.Join(a.faults...))
	}
	return row, nil
}

// analysis takes a type apart and gathers what is wrong with it.
type analysis struct {
	within []reflect.Type // the structs on the way
	faults []error
}

func (a *analysis) refuse(path, format string, args ...any) layout {
	a.faults = append(a.faults, fmt.Errorf("%s %s", strings.TrimPrefix(path, "."), fmt.Sprintf(format, args...)))
	return layout{dataType: arrow.Null}
}

// of returns the layout of values of type t.
func (a *analysis) of(t reflect.Type, path string) layout {
	l := a.layoutOf(t, path)
	l.goType = t
	return l
}

func (a *analysis) layoutOf(t reflect.Type, path string) layout {
	if plain, ok := plainOf(t); ok {
		return plain
	}
	switch t.Kind() {
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Pointer {
			return a.refuse(path, "is a %v, and a null behind a pointer can't be told from its lack", t)
		}
		return pointerTo(a.of(t.Elem(), path))
	case reflect.Slice:
		return listOf(a.of(t.Elem(), path+"[]"))
	case reflect.Map:
		if !sortable(t.Key()) {
			return a.refuse(path, "has keys of type %v, and keys are texts, integers or booleans", t.Key())
		}
		return mapOf(t, a.of(t.Key(), path), a.of(t.Elem(), path+"[]"))
	case reflect.Struct:
		if slices.Contains(a.within, t) {
			return a.refuse(path, "is a %v, which holds itself, and Arrow's columns are finite", t)
		}
		return a.structOf(t, path).layout()
	}
	return a.refuse(path, "is a %v, for which Arrow has no column", t)
}

func (a *analysis) structOf(t reflect.Type, path string) *structLayout {
	a.within = append(a.within, t)
	defer func() { a.within = a.within[:len(a.within)-1] }()
	s := &structLayout{}
	a.addFields(s, t, path, nil)
	if len(s.columns) == 0 && len(a.faults) == 0 {
		a.refuse(path, "is a %v, which has no column: no exported field", t)
	}
	return s
}

// addFields adds the columns of a struct, which lies at index of another one if it is embedded.
func (a *analysis) addFields(s *structLayout, t reflect.Type, path string, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("arrow")
		if tag == "-" {
			continue
		}
		at := append(slices.Clone(index), i)
		if f.Anonymous && tag == "" && f.Type.Kind() == reflect.Struct && f.Type != timeType {
			a.addFields(s, f.Type, path, at)
			continue
		}
		if !f.IsExported() {
			continue
		}
		name := tag
		if name == "" {
			name = f.Name
		}
		if strings.Contains(name, ",") {
			a.refuse(path+"."+f.Name, "has the tag %q: a tag is only a name", tag)
			continue
		}
		if slices.ContainsFunc(s.columns, func(c column) bool { return c.name == name }) {
			a.refuse(path+"."+f.Name, "is a second column named %s", name)
			continue
		}
		s.columns = append(s.columns, column{name: name, index: at, layout: a.of(f.Type, path+"."+f.Name)})
	}
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

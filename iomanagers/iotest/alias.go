package iotest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
)

func storedIsNotAliased(t *testing.T, s Subject) {
	series := map[string]func() any{
		"the subject's own value": func() any { return s.Value(0) },
		"a map":                   func() any { return map[string][]int{"a": {1, 2}} },
		"a pointer":               func() any { return &nested{Name: "outer", Tags: []string{"a"}, Next: &nested{Name: "inner"}} },
		"rows within rows":        func() any { return []nestedRow{{"a", Rows(0)}} },
	}
	for name, value := range series {
		t.Run(name, func(t *testing.T) {
			given := value()
			err := s.Manager.Store(t.Context(), s.output(name, "", given), given)
			if errors.Is(err, iomanagers.ErrType) {
				t.Skipf("not a value for this manager: %v", err)
			}
			if err != nil {
				t.Fatalf("Store: %v", err)
			}
			overwrite(reflect.ValueOf(given))
			s.expect(t, name, "", value())

			loaded, err := s.load(t.Context(), name, "", given)
			if err != nil {
				t.Fatalf("Load: %v", err)
			}
			overwrite(reflect.ValueOf(loaded))
			s.expect(t, name, "", value())
		})
	}
}

// overwrite zeroes whatever v refers to, deepest first.
func overwrite(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			overwrite(v.Elem())
			v.Elem().SetZero()
		}
	case reflect.Slice:
		for i := range v.Len() {
			overwrite(v.Index(i))
			v.Index(i).SetZero()
		}
	case reflect.Map:
		for entry := v.MapRange(); entry.Next(); {
			overwrite(entry.Value())
		}
		v.Clear()
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				overwrite(v.Field(i))
			}
		}
	}
}

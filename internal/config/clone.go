package config

import "reflect"

// Clone copies the value of a config field, so that a child cannot change the
// values of the definitions or of other children. It copies slices, maps, and
// pointers to values without unexported fields. Values with unexported fields,
// such as a time.Location or a regexp.Regexp, are shared, because a copy of
// them may not work.
func clone(value reflect.Value) reflect.Value {
	switch value.Kind() {
	case reflect.Slice:
		return cloneSlice(value)
	case reflect.Map:
		return cloneMap(value)
	case reflect.Pointer:
		if value.IsNil() || hidesFields(value.Type().Elem()) {
			return value
		}
		copied := reflect.New(value.Type().Elem())
		copied.Elem().Set(clone(value.Elem()))
		return copied.Convert(value.Type())
	case reflect.Array, reflect.Struct:
		return cloneMembers(value)
	}
	return value
}

func cloneSlice(value reflect.Value) reflect.Value {
	if value.IsNil() {
		return value
	}
	copied := reflect.MakeSlice(value.Type(), value.Len(), value.Len())
	for i := range value.Len() {
		copied.Index(i).Set(clone(value.Index(i)))
	}
	return copied
}

func cloneMap(value reflect.Value) reflect.Value {
	if value.IsNil() {
		return value
	}
	copied := reflect.MakeMapWithSize(value.Type(), value.Len())
	for entry := value.MapRange(); entry.Next(); {
		copied.SetMapIndex(entry.Key(), clone(entry.Value()))
	}
	return copied
}

// cloneMembers clones the elements of an array, or the fields of a struct.
func cloneMembers(value reflect.Value) reflect.Value {
	if hidesFields(value.Type()) {
		return value
	}
	copied := reflect.New(value.Type()).Elem()
	copied.Set(value)
	if value.Kind() == reflect.Array {
		for i := range value.Len() {
			copied.Index(i).Set(clone(value.Index(i)))
		}
		return copied
	}
	for i := range value.NumField() {
		copied.Field(i).Set(clone(value.Field(i)))
	}
	return copied
}

// hidesFields reports whether t is a struct with a field that is not exported.
func hidesFields(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for field := range t.Fields() {
		if !field.IsExported() {
			return true
		}
	}
	return false
}

package nearest

import "reflect"

// BareType is the type without the pointers and slices that have no name of
// their own: two types with the same bare type are almost the same.
func BareType(t reflect.Type) reflect.Type {
	for t.Name() == "" && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	return t
}

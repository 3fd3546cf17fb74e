package host

import "reflect"

// Same reports whether two values that the host application has for one key are
// the same. If the type is comparable, the values must be equal. Otherwise they
// must be deeply equal.
func Same(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() {
		return false
	}
	switch {
	case !a.IsValid():
		return true
	case a.Kind() == reflect.Func:
		return closure(a) == closure(b)
	case a.Comparable() && b.Comparable():
		return a.Equal(b)
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// closure identifies a function together with the variables that it has
// captured. [reflect.Value.Pointer] would identify only its code.
func closure(function reflect.Value) uint64 {
	variable := reflect.New(function.Type())
	variable.Elem().Set(function)
	return reflect.NewAt(reflect.TypeFor[uintptr](), variable.UnsafePointer()).Elem().Uint()
}

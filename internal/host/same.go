package host

import (
	"math"
	"reflect"
)

// Same reports whether two values that the host application has for one key are one
// and the same: who uses one of them cannot tell it from the other. Maps, slices,
// functions and what pointers point to must be shared, and not only have equal content.
func Same(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	return a.Type() == b.Type() && same(variable(a), variable(b))
}

// variable copies a value into a variable, which has an address.
func variable(value reflect.Value) reflect.Value {
	variable := reflect.New(value.Type()).Elem()
	variable.Set(value)
	return variable
}

func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Array:
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Interface:
		return sameInMemory[[2]uintptr](a, b) || !a.IsNil() && !b.IsNil() && a.Elem().Type() == b.Elem().Type() && same(a.Elem(), b.Elem())
	case reflect.Func: // reflect.Value.Pointer would identify only its code, and not the variables that it has captured
		return sameInMemory[uintptr](a, b)
	case reflect.Slice:
		return a.Len() == b.Len() && a.UnsafePointer() == b.UnsafePointer()
	case reflect.Map:
		return a.UnsafePointer() == b.UnsafePointer()
	case reflect.Float32, reflect.Float64:
		return sameFloat(a.Float(), b.Float())
	case reflect.Complex64, reflect.Complex128:
		return sameFloat(real(a.Complex()), real(b.Complex())) && sameFloat(imag(a.Complex()), imag(b.Complex()))
	default:
		return a.Equal(b)
	}
}

// sameInMemory compares variables of the size of W. What an interface holds has no
// address. So a function in a struct in an interface counts as another one, unless the
// interfaces as a whole are the same.
func sameInMemory[W comparable](a, b reflect.Value) bool {
	if !a.CanAddr() || !b.CanAddr() {
		return false
	}
	words := func(v reflect.Value) any {
		return reflect.NewAt(reflect.TypeFor[W](), v.Addr().UnsafePointer()).Elem().Interface()
	}
	return words(a) == words(b)
}

// sameFloat says that a number is the same as itself, also if it is NaN.
func sameFloat(a, b float64) bool { return a == b || math.Float64bits(a) == math.Float64bits(b) }

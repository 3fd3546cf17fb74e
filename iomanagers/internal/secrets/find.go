// Package secrets finds container.Secret in the types of values: an encoder stores only its mask.
package secrets

import (
	"reflect"
	"strings"

	"github.com/fxrun/fxrun/container"
)

// Is says that t is a container.Secret, which is never changed once made. Its first field,
// an array of length 0, has the type of what it holds.
func Is(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[container.Secret[string]]().PkgPath() && strings.HasPrefix(t.Name(), "Secret[")
}

// Find returns the path of a container.Secret in values of type t, as far as encoders see it; "" if
// there is none.
func Find(t reflect.Type) string { return find(t, t.String(), make(map[reflect.Type]bool)) }

func find(t reflect.Type, path string, seen map[reflect.Type]bool) string {
	if Is(t) {
		return path
	}
	if seen[t] {
		return ""
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return find(t.Elem(), path, seen)
	case reflect.Map:
		if found := find(t.Key(), path+" key", seen); found != "" {
			return found
		}
		return find(t.Elem(), path, seen)
	case reflect.Func: // a stream: its rows are arguments of an argument
		for i := range t.NumIn() {
			if found := find(t.In(i), path, seen); found != "" {
				return found
			}
		}
	case reflect.Struct:
		for f := range t.Fields() {
			if !f.IsExported() && !f.Anonymous || isLeftOut(f.Tag) {
				continue
			}
			if found := find(f.Type, path+"."+f.Name, seen); found != "" {
				return found
			}
		}
	}
	return ""
}

// isLeftOut says that a field is not to be stored.
func isLeftOut(tag reflect.StructTag) bool {
	for _, of := range []string{"json", "csv", "parquet", "db"} {
		if tag.Get(of) == "-" {
			return true
		}
	}
	return false
}

package signature

import (
	"reflect"
	"slices"
	"strings"
)

// module is the path of fxrun's own packages, with a slash at its end.
var module = strings.TrimSuffix(reflect.TypeFor[Key]().PkgPath(), "internal/signature")

// renamed are the internal packages whose types package container gives out.
var renamed = []string{"resource", "graph", "prepare", "child", "config", "fault", "panics"}

// TypeName is a type as users write it. It is the type's own text, but for the
// types that are defined in an internal package of fxrun: users know those as
// types of package container.
func TypeName(t reflect.Type) string {
	if t.Name() != "" {
		if of, ok := strings.CutPrefix(t.PkgPath(), module+"internal/"); ok && slices.Contains(renamed, of) {
			_, name, _ := strings.Cut(t.String(), ".")
			return "container." + name
		}
		return t.String()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + TypeName(t.Elem())
	case reflect.Slice:
		return "[]" + TypeName(t.Elem())
	case reflect.Map:
		return "map[" + TypeName(t.Key()) + "]" + TypeName(t.Elem())
	}
	return t.String()
}

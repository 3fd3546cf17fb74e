package signature

import (
	"reflect"
	"slices"
	"strings"
)

// module is the path of fxrun's own packages, with a slash at its end.
var module = strings.TrimSuffix(reflect.TypeFor[Key]().PkgPath(), "internal/signature")

// renamed are the internal packages whose types package container makes public.
var renamed = []string{"resource", "graph", "prepare", "child", "config", "fault", "panics"}

// TypeName returns the text of a type as users write it. Types that are defined in an
// internal package of fxrun are written as types of package container, as users know
// them. For all other types it is the text that package reflect gives.
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

// Package typename writes Go types as users write them.
//
// The package imports only the standard library.
package typename

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

type anchor struct{}

// module is the path of fxrun's own packages, with a slash at its end.
var module = strings.TrimSuffix(reflect.TypeFor[anchor]().PkgPath(), "internal/typename")

// renamed are the internal packages whose types package container makes public.
var renamed = []string{"resource", "graph", "prepare", "child", "config", "fault", "panics"}

// Of returns the text of a type. A type that is defined in an internal package of fxrun is
// written as a type of package container, as users know it. All other types are written as
// package reflect writes them.
func Of(t reflect.Type) string {
	if t.Name() != "" {
		return ofNamed(t)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + Of(t.Elem())
	case reflect.Slice:
		return "[]" + Of(t.Elem())
	case reflect.Array:
		return "[" + strconv.Itoa(t.Len()) + "]" + Of(t.Elem())
	case reflect.Map:
		return "map[" + Of(t.Key()) + "]" + Of(t.Elem())
	case reflect.Func:
		return ofFunction(t)
	case reflect.Struct:
		return ofStruct(t)
	}
	return t.String()
}

func ofNamed(t reflect.Type) string {
	text := t.String()
	if of, ours := strings.CutPrefix(t.PkgPath(), module+"internal/"); ours && slices.Contains(renamed, of) {
		_, name, _ := strings.Cut(text, ".")
		text = "container." + name
	}
	if !strings.Contains(text, module+"internal/") {
		return text
	}
	for _, of := range renamed { // the arguments of a type stand in brackets, with the paths of their packages
		text = strings.ReplaceAll(text, module+"internal/"+of+".", module+"container.")
	}
	return text
}

func ofFunction(t reflect.Type) string {
	params, results := make([]string, t.NumIn()), make([]string, t.NumOut())
	for i := range params {
		params[i] = Of(t.In(i))
		if t.IsVariadic() && i == len(params)-1 {
			params[i] = "..." + Of(t.In(i).Elem())
		}
	}
	for i := range results {
		results[i] = Of(t.Out(i))
	}
	text := "func(" + strings.Join(params, ", ") + ")"
	switch len(results) {
	case 0:
		return text
	case 1:
		return text + " " + results[0]
	}
	return text + " (" + strings.Join(results, ", ") + ")"
}

func ofStruct(t reflect.Type) string {
	if t.NumField() == 0 {
		return t.String()
	}
	fields := make([]string, t.NumField())
	for i := range fields {
		field := t.Field(i)
		fields[i] = Of(field.Type)
		if !field.Anonymous {
			fields[i] = field.Name + " " + fields[i]
		}
		if field.Tag != "" {
			fields[i] += " " + strconv.Quote(string(field.Tag))
		}
	}
	return "struct { " + strings.Join(fields, "; ") + " }"
}

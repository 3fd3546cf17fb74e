package parquetcodec

import (
	"fmt"
	"reflect"

	"github.com/parquet-go/parquet-go"

	"github.com/fxrun/fxrun/iomanagers"
)

// schemaOf returns the schema of rows of type t, a slice of structs or of pointers to structs.
func schemaOf(t reflect.Type) (schema *parquet.Schema, err error) {
	if t == nil || t.Kind() != reflect.Slice || deref(t.Elem()).Kind() != reflect.Struct {
		return nil, fmt.Errorf("%w: it takes slices of structs, not %v", iomanagers.ErrType, t)
	}
	row := deref(t.Elem())
	// parquet-go never comes back from such a type.
	if within := recursion(row, map[reflect.Type]bool{}); within != nil {
		return nil, fmt.Errorf("%w: %v holds itself, and Parquet's columns are finite", iomanagers.ErrType, within)
	}
	if err := checkShapes(row, ""); err != nil {
		return nil, err
	}
	// parquet-go reports types and tags that it can't use by a panic.
	defer func() {
		if fault := recover(); fault != nil {
			schema, err = nil, fmt.Errorf("%w: %v: %v", iomanagers.ErrType, row, fault)
		}
	}()
	schema = parquet.SchemaOf(reflect.New(row).Interface())
	if column := emptyGroup(schema, row.String()); column != "" {
		return nil, fmt.Errorf("%w: %s has no column: no exported field", iomanagers.ErrType, column)
	}
	return schema, nil
}

// recursion returns a type within t that holds itself, or nil; open holds the types on the way.
func recursion(t reflect.Type, open map[reflect.Type]bool) reflect.Type {
	if open[t] {
		return t
	}
	open[t] = true
	defer delete(open, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return recursion(t.Elem(), open)
	case reflect.Map:
		if found := recursion(t.Key(), open); found != nil {
			return found
		}
		return recursion(t.Elem(), open)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() && !f.Anonymous || f.Tag.Get("parquet") == "-" {
				continue
			}
			if found := recursion(f.Type, open); found != nil {
				return found
			}
		}
	}
	return nil
}

// emptyGroup returns the path of a node without any column: a struct of unexported fields,
// or an interface.
func emptyGroup(node parquet.Node, path string) string {
	if node.Leaf() {
		return ""
	}
	fields := node.Fields()
	if len(fields) == 0 {
		return path
	}
	for _, f := range fields {
		if found := emptyGroup(f, path+"."+f.Name()); found != "" {
			return found
		}
	}
	return ""
}

// checkColumns reports what of the wanted columns the stored ones can't give.
func checkColumns(wanted, stored parquet.Node, path string) error {
	if wanted.Leaf() != stored.Leaf() || wanted.Leaf() && !parquet.EqualTypes(wanted.Type(), stored.Type()) {
		return fmt.Errorf("%w: column %s is stored as %v, not %v", iomanagers.ErrType, path, stored.Type(), wanted.Type())
	}
	if wanted.Repeated() != stored.Repeated() || stored.Optional() && !wanted.Optional() {
		return fmt.Errorf("%w: column %s is stored %s, not %s", iomanagers.ErrType, path, repetition(stored), repetition(wanted))
	}
	if wanted.Leaf() {
		return nil
	}
	have := map[string]parquet.Node{}
	for _, f := range stored.Fields() {
		have[f.Name()] = f
	}
	for _, f := range wanted.Fields() {
		column := f.Name()
		if path != "" {
			column = path + "." + column
		}
		if have[f.Name()] == nil {
			if f.Optional() {
				continue
			}
			return fmt.Errorf("%w: the file has no column %s", iomanagers.ErrType, column)
		}
		if err := checkColumns(f, have[f.Name()], column); err != nil {
			return err
		}
	}
	return nil
}

func repetition(n parquet.Node) string {
	switch {
	case n.Repeated():
		return "repeated"
	case n.Optional():
		return "optional"
	}
	return "required"
}

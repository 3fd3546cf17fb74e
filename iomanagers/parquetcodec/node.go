package parquetcodec

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/fxrun/fxrun/iomanagers"
)

// shape is what a Go type is in Parquet.
type shape int

const (
	leaf shape = iota
	group
	list
	dict // a Go map
)

// node is a field of rows, or a part of one, and what it is in Parquet.
type node struct {
	name   string // in Parquet
	path   string // of Go fields, for errors
	shape  shape
	offset uintptr // in the struct that has it

	// pointers are the types that pointers on the way to the value point to, first the outermost.
	pointers []reflect.Type
	typ      reflect.Type // of the value behind the pointers
	nilable  bool         // the value itself may be nil: bytes, lists, maps
	tag      tag

	kind     parquet.Type // of a leaf
	nodes    []*node      // of a group; the element of a list; the key and value of a map
	def, rep int          // levels at which the value is there
	column   int          // of a leaf
}

// optional reports whether there may be null in the file.
func (n *node) optional() bool { return len(n.pointers) > 0 || n.nilable || n.tag.optional }

// zeroIsNull reports whether the zero value is stored as null.
func (n *node) zeroIsNull() bool { return n.tag.optional && len(n.pointers) == 0 && !n.nilable }

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

const (
	// mostLevels is how deep lists and optional values may lie in each other.
	mostLevels = 100
	// mostPointers is how many pointers may lie before one value.
	mostPointers = 8
)

// rowsOf returns the node of the rows in t, a slice of structs or of pointers to structs, and
// its leaves in the order of their columns.
func rowsOf(t reflect.Type) (root *node, leaves []*node, err error) {
	if t == nil || t.Kind() != reflect.Slice || deref(t.Elem()).Kind() != reflect.Struct || deref(t.Elem()) == timeType {
		return nil, nil, fmt.Errorf("%w: it takes slices of structs, not %v", iomanagers.ErrType, t)
	}
	root = &node{name: "rows", shape: group, typ: deref(t.Elem())}
	c := compiler{open: map[reflect.Type]bool{}}
	if err := c.structure(root); err != nil {
		return nil, nil, fmt.Errorf("%w: %v: %w", iomanagers.ErrType, root.typ, err)
	}
	return root, root.count(nil), nil
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

type compiler struct {
	open map[reflect.Type]bool // structs on the way
}

// structure adds the fields of the struct n.typ to n.
func (c compiler) structure(n *node) error {
	if err := c.fields(n, n.typ, 0); err != nil {
		return err
	}
	if len(n.nodes) == 0 {
		return fmt.Errorf("%s%v has no column: no exported field", prefix(n.path), n.typ)
	}
	return nil
}

func (c compiler) fields(n *node, t reflect.Type, offset uintptr) error {
	if c.open[t] {
		return fmt.Errorf("%s%v holds itself, and Parquet's columns are finite", prefix(n.path), t)
	}
	c.open[t] = true
	defer delete(c.open, t)
	for i := range t.NumField() {
		f := t.Field(i)
		text := f.Tag.Get("parquet")
		if text == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		if name, _, _ := strings.Cut(text, ","); f.Anonymous && name == "" && deref(f.Type).Kind() == reflect.Struct && f.Type != timeType {
			if f.Type.Kind() == reflect.Pointer {
				return fmt.Errorf("%s: an embedded pointer may be nil, which columns of the outer struct cannot say; give the field a name in its tag", f.Name)
			}
			if err := c.fields(n, f.Type, offset+f.Offset); err != nil {
				return err
			}
			continue
		}
		if !f.IsExported() {
			continue
		}
		if err := c.field(n, f, offset); err != nil {
			return err
		}
	}
	return nil
}

func (c compiler) field(n *node, f reflect.StructField, offset uintptr) (err error) {
	child := &node{path: strings.TrimPrefix(n.path+"."+f.Name, "."), offset: offset + f.Offset, def: n.def, rep: n.rep}
	if child.tag, err = tagOf(f); err != nil {
		return fmt.Errorf("%s: %w", child.path, err)
	}
	child.name = child.tag.name
	for _, other := range n.nodes {
		if other.name == child.name {
			return fmt.Errorf("%s and %s are both the column %q", other.path, child.path, child.name)
		}
	}
	n.nodes = append(n.nodes, child)
	return c.value(child, f.Type)
}

// value sets what n is, as a value of type t.
func (c compiler) value(n *node, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
		if n.pointers = append(n.pointers, t); len(n.pointers) > mostPointers {
			return fmt.Errorf("%s: there are too many pointers", n.path)
		}
	}
	n.typ = t
	n.nilable = t.Kind() == reflect.Slice || t.Kind() == reflect.Map
	if n.optional() {
		n.def++
	}
	if n.def > mostLevels {
		return fmt.Errorf("%s: its type is too deep, or holds itself, and Parquet's columns are finite", n.path)
	}
	switch {
	case t == timeType:
	case t.Kind() == reflect.Struct:
		n.shape = group
		return c.structure(n)
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		n.shape = list
		n.nodes = []*node{n.inner("element")}
		return c.value(n.nodes[0], t.Elem())
	case t.Kind() == reflect.Map:
		return c.entries(n, t)
	}
	n.shape = leaf
	kind, err := leafType(n)
	if err != nil {
		return fmt.Errorf("%s: %w", n.path, err)
	}
	n.kind = kind
	return nil
}

func (c compiler) entries(n *node, t reflect.Type) error {
	n.shape = dict
	n.nodes = []*node{n.inner("key"), n.inner("value")}
	if err := c.value(n.nodes[0], t.Key()); err != nil {
		return err
	}
	if key := n.nodes[0]; key.shape != leaf || key.optional() || compareKeys(t.Key()) == nil {
		return fmt.Errorf("%s: the keys of a map must be texts, whole numbers or bools, not %v", n.path, t.Key())
	}
	return c.value(n.nodes[1], t.Elem())
}

// inner returns a node within the repeated group of a list or a map.
func (n *node) inner(name string) *node {
	return &node{name: name, path: n.path, tag: n.tag.inner(name), def: n.def + 1, rep: n.rep + 1}
}

// count numbers the columns.
func (n *node) count(leaves []*node) []*node {
	if n.shape == leaf {
		n.column = len(leaves)
		return append(leaves, n)
	}
	for _, child := range n.nodes {
		leaves = child.count(leaves)
	}
	return leaves
}

func prefix(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

package iomanagers

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"reflect"
)

// The numbers on the wire of the types that every decoder knows.
const (
	gobBool    = 1
	gobFloat   = 4
	gobBytes   = 5
	gobText    = 6
	gobComplex = 7
)

// isNarrow says that there is a float32 or a complex64 within a type. encoding/gob stores all floats
// as 64 bits, and rounds them to 32 without an error.
func isNarrow(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if _, decodes := gobMarshals(t); decodes {
		return false
	}
	switch t.Kind() {
	case reflect.Float32, reflect.Complex64:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return isNarrow(t.Elem(), seen)
	case reflect.Map:
		return isNarrow(t.Key(), seen) || isNarrow(t.Elem(), seen)
	case reflect.Struct:
		for f := range fields(t) {
			if isNarrow(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// gobNarrow walks through a value on the wire and looks for floats that the Go type would round.
type gobNarrow struct {
	defined map[int64]gobDefinition
	data    []byte
	path    []jsonStep
	row     int // the number of the first row of a batch, and after it that of the next batch
}

// errNotGob stops at what makes no sense: the decoder refuses it.
var errNotGob = errors.New("it is not a value of gob")

// deepestGob is how deep values may lie in each other, as in encoding/gob for what it leaves out.
const deepestGob = 10_000

// check looks at the value of a message.
func (n *gobNarrow) check(id int64, t reflect.Type) (fault error) {
	defer func() {
		if stop := recover(); stop != nil && stop != errNotGob { //nolint:errorlint // the very value
			panic(stop)
		}
	}()
	if n.defined[id].StructT == nil && n.uint() != 0 { // a mark before what is not a struct
		return nil
	}
	return n.value(id, t)
}

// value passes one value of a stored type. t is the Go type that it becomes, nil if it is left out.
func (n *gobNarrow) value(id int64, t reflect.Type) error {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if len(n.path) > deepestGob {
		panic(errNotGob)
	}
	switch stored := n.defined[id]; {
	case id == gobFloat:
		return n.float(t, reflect.Float32)
	case id == gobComplex:
		return errors.Join(n.float(t, reflect.Complex64), n.float(t, reflect.Complex64))
	case id == gobBytes || id == gobText || stored.isOpaque():
		n.skip(n.uint())
	case id >= gobBool && id < gobFloat:
		n.uint()
	case stored.StructT != nil:
		return n.fields(stored.StructT.Field, t)
	case stored.SliceT != nil:
		return n.items(stored.SliceT.Elem, t)
	case stored.ArrayT != nil:
		return n.items(stored.ArrayT.Elem, t)
	case stored.MapT != nil:
		return n.entries(stored.MapT, t)
	default:
		panic(errNotGob)
	}
	return nil
}

func (d gobDefinition) isOpaque() bool {
	return d.GobEncoderT != nil || d.BinaryMarshalerT != nil || d.TextMarshalerT != nil
}

func (n *gobNarrow) float(t reflect.Type, narrow reflect.Kind) error {
	f := math.Float64frombits(bits.ReverseBytes64(n.uint()))
	if t == nil || t.Kind() != narrow || f != f || float64(float32(f)) == f {
		return nil
	}
	where := "the value"
	if len(n.path) > 0 {
		where = "field " + jsonPath(n.path)
	}
	return fmt.Errorf("%w: %s is %v, which a %v would round: declare a type of twice its size", ErrType, where, f, t)
}

func (n *gobNarrow) fields(stored []gobField, t reflect.Type) error {
	for at := -1; ; {
		delta := n.uint()
		if delta == 0 {
			return nil
		}
		if delta > uint64(len(stored)) || at+int(delta) >= len(stored) {
			panic(errNotGob)
		}
		at += int(delta)
		f := stored[at]
		if err := n.within(jsonStep{name: f.Name}, f.Id, fieldType(t, f.Name)); err != nil {
			return err
		}
	}
}

func fieldType(t reflect.Type, name string) reflect.Type {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	if f, ok := t.FieldByName(name); ok && len(f.Index) == 1 {
		return f.Type
	}
	return nil
}

func (n *gobNarrow) items(id int64, t reflect.Type) error {
	from, count := 0, n.uint()
	if count > uint64(len(n.data)) {
		panic(errNotGob)
	}
	if len(n.path) == 0 {
		from = n.row
		n.row += int(count)
	}
	for i := range int(count) {
		if err := n.within(jsonStep{index: from + i}, id, elementType(t)); err != nil {
			return err
		}
	}
	return nil
}

func (n *gobNarrow) entries(stored *gobMap, t reflect.Type) error {
	var key reflect.Type
	if t != nil && t.Kind() == reflect.Map {
		key = t.Key()
	}
	count := n.uint()
	if count > uint64(len(n.data)) {
		panic(errNotGob)
	}
	for i := range int(count) {
		step := jsonStep{index: i}
		if err := n.within(step, stored.Key, key); err != nil {
			return err
		}
		if err := n.within(step, stored.Elem, elementType(t)); err != nil {
			return err
		}
	}
	return nil
}

func elementType(t reflect.Type) reflect.Type {
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map) {
		return t.Elem()
	}
	return nil
}

func (n *gobNarrow) within(step jsonStep, id int64, t reflect.Type) error {
	n.path = append(n.path, step)
	err := n.value(id, t)
	n.path = n.path[:len(n.path)-1]
	return err
}

func (n *gobNarrow) skip(length uint64) {
	if length > uint64(len(n.data)) {
		panic(errNotGob)
	}
	n.data = n.data[length:]
}

// uint passes an unsigned number.
func (n *gobNarrow) uint() uint64 {
	if len(n.data) == 0 {
		panic(errNotGob)
	}
	first := n.data[0]
	n.data = n.data[1:]
	if first <= 0x7f {
		return uint64(first)
	}
	digits := -int(int8(first))
	if digits > 8 || digits > len(n.data) {
		panic(errNotGob)
	}
	value := uint64(0)
	for _, c := range n.data[:digits] {
		value = value<<8 | uint64(c)
	}
	n.data = n.data[digits:]
	return value
}

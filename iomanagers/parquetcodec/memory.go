package parquetcodec

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

// This file alone knows how Go values lie in memory. Types that are known only at run time are
// read and written through pointers here, since package reflect is several times as slow.

// place is where a Go value lies.
type place struct{ at unsafe.Pointer }

func (p place) field(offset uintptr) place { return place{unsafe.Add(p.at, offset)} }

// target returns what the pointer at p points to. Its place is nil if the pointer is.
func (p place) target() place { return place{*(*unsafe.Pointer)(p.at)} }

func (p place) isNil() bool { return p.at == nil }

// allocate sets the pointer at p to a new value of type t and returns the place of that.
func (p place) allocate(t reflect.Type) place {
	value := reflect.New(t).UnsafePointer()
	*(*unsafe.Pointer)(p.at) = value
	return place{value}
}

func (p place) as(t reflect.Type) reflect.Value { return reflect.NewAt(t, p.at).Elem() }

func placeOf(pointer reflect.Value) place { return place{pointer.UnsafePointer()} }

// elements are the values of a slice.
type elements struct {
	first  place
	size   uintptr
	n      int
	behind bool // pointers
}

// elementsOf returns the values of slice, whose rows may lie behind pointers.
func elementsOf(slice reflect.Value) elements {
	t := slice.Type().Elem()
	return elements{place{slice.UnsafePointer()}, t.Size(), slice.Len(), t.Kind() == reflect.Pointer}
}

func (e elements) element(i int) place { return e.first.field(uintptr(i) * e.size) }

// row returns the row i, whose place is nil if it is a nil pointer.
func (e elements) row(i int) place {
	if e.behind {
		return e.element(i).target()
	}
	return e.element(i)
}

// from returns n elements, beginning with the element i.
func (e elements) from(i, n int) elements {
	e.first, e.n = e.element(i), n
	return e
}

// slice returns the elements, each of size bytes, of the slice at p.
func (p place) slice(size uintptr) (e elements, isNil bool) {
	s := *(*[]struct{})(p.at)
	return elements{first: place{unsafe.Pointer(unsafe.SliceData(s))}, size: size, n: len(s)}, s == nil
}

func (p place) bytes() []byte { return *(*[]byte)(p.at) }
func (p place) text() string  { return *(*string)(p.at) }

func (p place) array(n int) []byte { return unsafe.Slice((*byte)(p.at), n) }

func (p place) time() time.Time { return *(*time.Time)(p.at) }

func (p place) setText(s string)            { *(*string)(p.at) = s }
func (p place) setBytes(b []byte)           { *(*[]byte)(p.at) = b }
func (p place) setTime(t time.Time)         { *(*time.Time)(p.at) = t }
func (p place) setBool(b bool)              { *(*bool)(p.at) = b }
func (p place) setFloat32(f float32)        { *(*float32)(p.at) = f }
func (p place) setFloat64(f float64)        { *(*float64)(p.at) = f }
func (p place) setDuration(d time.Duration) { *(*time.Duration)(p.at) = d }

// textValue returns text as a value, without a copy.
func textValue(text string) parquet.Value {
	return parquet.ByteArrayValue(unsafe.Slice(unsafe.StringData(text), len(text)))
}

// number returns how a number or bool of kind k becomes a value. There is
// never an error.
func number(k reflect.Kind) func(p place) (parquet.Value, error) {
	switch k {
	case reflect.Bool:
		return func(p place) (parquet.Value, error) { return parquet.BooleanValue(*(*bool)(p.at)), nil }
	case reflect.Int8:
		return func(p place) (parquet.Value, error) { return parquet.Int32Value(int32(*(*int8)(p.at))), nil }
	case reflect.Int16:
		return func(p place) (parquet.Value, error) { return parquet.Int32Value(int32(*(*int16)(p.at))), nil }
	case reflect.Int32, reflect.Uint32:
		return func(p place) (parquet.Value, error) { return parquet.Int32Value(*(*int32)(p.at)), nil }
	case reflect.Int64, reflect.Uint64:
		return func(p place) (parquet.Value, error) { return parquet.Int64Value(*(*int64)(p.at)), nil }
	case reflect.Int, reflect.Uint:
		return func(p place) (parquet.Value, error) { return parquet.Int64Value(int64(*(*int)(p.at))), nil }
	case reflect.Uint8:
		return func(p place) (parquet.Value, error) { return parquet.Int32Value(int32(*(*uint8)(p.at))), nil }
	case reflect.Uint16:
		return func(p place) (parquet.Value, error) { return parquet.Int32Value(int32(*(*uint16)(p.at))), nil }
	case reflect.Float32:
		return func(p place) (parquet.Value, error) { return parquet.FloatValue(*(*float32)(p.at)), nil }
	case reflect.Float64:
		return func(p place) (parquet.Value, error) { return parquet.DoubleValue(*(*float64)(p.at)), nil }
	}
	return nil
}

// setWhole returns how a whole number is put into a Go value of kind k; false says that it
// does not fit.
func setWhole(k reflect.Kind) func(p place, value int64) bool {
	switch k {
	case reflect.Int8:
		return func(p place, v int64) bool { *(*int8)(p.at) = int8(v); return int64(int8(v)) == v }
	case reflect.Int16:
		return func(p place, v int64) bool { *(*int16)(p.at) = int16(v); return int64(int16(v)) == v }
	case reflect.Int32:
		return func(p place, v int64) bool { *(*int32)(p.at) = int32(v); return int64(int32(v)) == v }
	case reflect.Int64:
		return func(p place, v int64) bool { *(*int64)(p.at) = v; return true }
	case reflect.Int:
		return func(p place, v int64) bool { *(*int)(p.at) = int(v); return int64(int(v)) == v }
	case reflect.Uint8:
		return func(p place, v int64) bool { *(*uint8)(p.at) = uint8(v); return int64(uint8(v)) == v }
	case reflect.Uint16:
		return func(p place, v int64) bool { *(*uint16)(p.at) = uint16(v); return int64(uint16(v)) == v }
	case reflect.Uint32:
		return func(p place, v int64) bool { *(*uint32)(p.at) = uint32(v); return int64(uint32(v)) == v }
	case reflect.Uint64:
		return func(p place, v int64) bool { *(*uint64)(p.at) = uint64(v); return v >= 0 }
	case reflect.Uint:
		return func(p place, v int64) bool { *(*uint)(p.at) = uint(v); return v >= 0 && int64(uint(v)) == v }
	}
	return nil
}

// entries calls each for the entries of the map at p, in the order of its keys, so that each
// column meets them in the same order. The places are those of copies.
func (p place) entries(n *node, each func(i int, key, value place) error) error {
	m := p.as(n.typ)
	keys := m.MapKeys()
	slices.SortFunc(keys, compareKeys(n.typ.Key()))
	key, value := reflect.New(n.typ.Key()), reflect.New(n.typ.Elem())
	for i, k := range keys {
		key.Elem().Set(k)
		value.Elem().Set(m.MapIndex(k))
		if err := each(i, placeOf(key), placeOf(value)); err != nil {
			return err
		}
	}
	return nil
}

// compareKeys returns the order of the keys of maps, or nil if t can't be a key.
func compareKeys(t reflect.Type) func(a, b reflect.Value) int {
	switch t.Kind() {
	case reflect.String:
		return func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(a, b reflect.Value) int { return cmp.Compare(a.Int(), b.Int()) }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(a, b reflect.Value) int { return cmp.Compare(a.Uint(), b.Uint()) }
	case reflect.Bool:
		return func(a, b reflect.Value) int {
			return bytes.Compare([]byte{b2i(a.Bool())}, []byte{b2i(b.Bool())})
		}
	}
	return nil
}

func b2i(b bool) byte {
	if b {
		return 1
	}
	return 0
}

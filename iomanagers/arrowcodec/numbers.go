package arrowcodec

import (
	"fmt"
	"math"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

type (
	integer interface {
		int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
	}
	number interface{ integer | float32 | float64 }
)

// misfit is a number that the Go type can't hold.
func misfit(n any, v reflect.Value, stored string) *fault {
	return &fault{reason: fmt.Sprintf("is %v, which does not fit in %v: declare %s", n, v.Type(), stored)}
}

// values reads an array of numbers of type T.
func values[T number](set func(n T, v reflect.Value) bool) opener {
	return func(a arrow.Array) cells {
		all, stored := arrow.GetValues[T](a.Data(), 1), reflect.TypeFor[T]().String()
		return cells{get: func(i int, v reflect.Value) *fault {
			if !set(all[i], v) {
				return misfit(all[i], v, stored)
			}
			return nil
		}}
	}
}

// opensNumbers picks the opener for a stored type of numbers. The functions say whether the
// number fits, and set the value to it.
func opensNumbers(stored arrow.DataType, signed func(n int64, v reflect.Value) bool, unsigned func(n uint64, v reflect.Value) bool, float func(n float64, v reflect.Value) bool) opener {
	switch stored.ID() {
	case arrow.INT8:
		return values(func(n int8, v reflect.Value) bool { return signed(int64(n), v) })
	case arrow.INT16:
		return values(func(n int16, v reflect.Value) bool { return signed(int64(n), v) })
	case arrow.INT32:
		return values(func(n int32, v reflect.Value) bool { return signed(int64(n), v) })
	case arrow.INT64:
		return values(signed)
	case arrow.UINT8:
		return values(func(n uint8, v reflect.Value) bool { return unsigned(uint64(n), v) })
	case arrow.UINT16:
		return values(func(n uint16, v reflect.Value) bool { return unsigned(uint64(n), v) })
	case arrow.UINT32:
		return values(func(n uint32, v reflect.Value) bool { return unsigned(uint64(n), v) })
	case arrow.UINT64:
		return values(unsigned)
	case arrow.FLOAT16:
		return halves(float)
	case arrow.FLOAT32:
		return values(func(n float32, v reflect.Value) bool { return float(float64(n), v) })
	case arrow.FLOAT64:
		return values(float)
	default:
		return nil
	}
}

func halves(set func(n float64, v reflect.Value) bool) opener {
	return func(a arrow.Array) cells {
		from := a.(*array.Float16)
		return cells{get: func(i int, v reflect.Value) *fault {
			if n := from.Value(i).Float32(); !set(float64(n), v) {
				return misfit(n, v, "float32")
			}
			return nil
		}}
	}
}

// exact is up to where a float64 holds each whole number.
const exact = 1 << 53

// whole says that f is a whole number that a float64 does not share with another one.
func whole(f float64) bool { return f == math.Trunc(f) && math.Abs(f) <= exact }

func signedIntegers(stored arrow.DataType) opener {
	set := func(n int64, v reflect.Value) bool {
		if v.OverflowInt(n) {
			return false
		}
		v.SetInt(n)
		return true
	}
	return opensNumbers(stored, set,
		func(n uint64, v reflect.Value) bool { return n <= math.MaxInt64 && set(int64(n), v) },
		func(n float64, v reflect.Value) bool { return whole(n) && set(int64(n), v) })
}

func unsignedIntegers(stored arrow.DataType) opener {
	set := func(n uint64, v reflect.Value) bool {
		if v.OverflowUint(n) {
			return false
		}
		v.SetUint(n)
		return true
	}
	return opensNumbers(stored,
		func(n int64, v reflect.Value) bool { return n >= 0 && set(uint64(n), v) }, set,
		func(n float64, v reflect.Value) bool { return whole(n) && n >= 0 && set(uint64(n), v) })
}

func floats(stored arrow.DataType) opener {
	set := func(n float64, v reflect.Value) bool {
		if v.Kind() == reflect.Float32 && float64(float32(n)) != n && !math.IsNaN(n) {
			return false
		}
		v.SetFloat(n)
		return true
	}
	return opensNumbers(stored,
		func(n int64, v reflect.Value) bool { return n >= -exact && n <= exact && set(float64(n), v) },
		func(n uint64, v reflect.Value) bool { return n <= exact && set(float64(n), v) }, set)
}

func booleans(stored arrow.DataType) opener {
	if stored.ID() != arrow.BOOL {
		return nil
	}
	return func(a arrow.Array) cells {
		from := a.(*array.Boolean)
		return cells{get: func(i int, v reflect.Value) *fault { v.SetBool(from.Value(i)); return nil }}
	}
}

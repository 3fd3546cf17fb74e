package arrowcodec

import (
	"fmt"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// plainOf returns the layout of values that are one cell.
func plainOf(t reflect.Type) (layout, bool) {
	switch t {
	case timeType:
		return times(), true
	case durationType:
		return durations(), true
	}
	if marshalsOpaquely(t) {
		return ownTexts(), true
	}
	switch t.Kind() {
	case reflect.Bool:
		return truths(), true
	case reflect.Int8:
		return signed[int8, *array.Int8Builder](arrow.PrimitiveTypes.Int8), true
	case reflect.Int16:
		return signed[int16, *array.Int16Builder](arrow.PrimitiveTypes.Int16), true
	case reflect.Int32:
		return signed[int32, *array.Int32Builder](arrow.PrimitiveTypes.Int32), true
	case reflect.Int, reflect.Int64:
		return signed[int64, *array.Int64Builder](arrow.PrimitiveTypes.Int64), true
	case reflect.Uint8:
		return unsigned[uint8, *array.Uint8Builder](arrow.PrimitiveTypes.Uint8), true
	case reflect.Uint16:
		return unsigned[uint16, *array.Uint16Builder](arrow.PrimitiveTypes.Uint16), true
	case reflect.Uint32:
		return unsigned[uint32, *array.Uint32Builder](arrow.PrimitiveTypes.Uint32), true
	case reflect.Uint, reflect.Uint64:
		return unsigned[uint64, *array.Uint64Builder](arrow.PrimitiveTypes.Uint64), true
	case reflect.Float32:
		return floating[float32, *array.Float32Builder](arrow.PrimitiveTypes.Float32), true
	case reflect.Float64:
		return floating[float64, *array.Float64Builder](arrow.PrimitiveTypes.Float64), true
	case reflect.String:
		return texts(), true
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return blobs(), true
		}
	case reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && t.Len() > 0 {
			return fixedBlobs(t.Len()), true
		}
	}
	return layout{}, false
}

// builder is an array.Builder of values of type T.
type builder[T any] interface {
	array.Builder
	Append(v T)
}

func signed[T int8 | int16 | int32 | int64, B builder[T]](t arrow.DataType) layout {
	return layout{
		open:     plain(signedIntegers),
		dataType: t,
		width:    t.(arrow.FixedWidthDataType).Bytes(),
		put: func(b array.Builder) putter {
			to := b.(B)
			return func(v reflect.Value) *fault { to.Append(T(v.Int())); return nil }
		},
	}
}

func unsigned[T uint8 | uint16 | uint32 | uint64, B builder[T]](t arrow.DataType) layout {
	return layout{
		open:     plain(unsignedIntegers),
		dataType: t,
		width:    t.(arrow.FixedWidthDataType).Bytes(),
		put: func(b array.Builder) putter {
			to := b.(B)
			return func(v reflect.Value) *fault { to.Append(T(v.Uint())); return nil }
		},
	}
}

func floating[T float32 | float64, B builder[T]](t arrow.DataType) layout {
	return layout{
		open:     plain(floats),
		dataType: t,
		width:    t.(arrow.FixedWidthDataType).Bytes(),
		put: func(b array.Builder) putter {
			to := b.(B)
			return func(v reflect.Value) *fault { to.Append(T(v.Float())); return nil }
		},
	}
}

func durations() layout {
	return layout{
		open:     plain(spans),
		dataType: arrow.FixedWidthTypes.Duration_ns,
		width:    arrow.Int64SizeBytes,
		put: func(b array.Builder) putter {
			to := b.(*array.DurationBuilder)
			return func(v reflect.Value) *fault { to.Append(arrow.Duration(v.Int())); return nil }
		},
	}
}

func truths() layout {
	return layout{
		open:     plain(booleans),
		dataType: arrow.FixedWidthTypes.Boolean,
		width:    1,
		put: func(b array.Builder) putter {
			to := b.(*array.BooleanBuilder)
			return func(v reflect.Value) *fault { to.Append(v.Bool()); return nil }
		},
	}
}

func texts() layout {
	return layout{
		open:     plain(strs),
		dataType: arrow.BinaryTypes.String,
		width:    arrow.Int32SizeBytes,
		more:     reflect.Value.Len,
		put: func(b array.Builder) putter {
			to := b.(*array.StringBuilder)
			return func(v reflect.Value) *fault {
				text := v.String()
				if !utf8.ValidString(text) {
					return &fault{reason: "is a text that is not UTF-8: make it a []byte"}
				}
				to.Append(text)
				return nil
			}
		},
	}
}

func blobs() layout {
	return layout{
		open:     plain(blobCells),
		dataType: arrow.BinaryTypes.Binary,
		width:    arrow.Int32SizeBytes,
		more:     reflect.Value.Len,
		put: func(b array.Builder) putter {
			to := b.(*array.BinaryBuilder)
			return func(v reflect.Value) *fault { to.Append(v.Bytes()); return nil }
		},
	}
}

func fixedBlobs(n int) layout {
	return layout{
		open:     plain(func(stored arrow.DataType) opener { return fixedBlobCells(stored, n) }),
		dataType: &arrow.FixedSizeBinaryType{ByteWidth: n},
		width:    n,
		put: func(b array.Builder) putter {
			to := b.(*array.FixedSizeBinaryBuilder)
			return func(v reflect.Value) *fault { to.Append(v.Bytes()); return nil }
		},
	}
}

// The times that nanoseconds since 1970 reach in 64 bits, in whole years.
var (
	earliest = time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

func times() layout {
	return layout{
		open:     plain(instants),
		dataType: arrow.FixedWidthTypes.Timestamp_ns,
		width:    arrow.Int64SizeBytes,
		put: func(b array.Builder) putter {
			to := b.(*array.TimestampBuilder)
			return func(v reflect.Value) *fault {
				at := timeIn(v)
				if at.Before(earliest) || !at.Before(latest) {
					return &fault{reason: fmt.Sprintf("is %s, and times in Arrow reach from 1678 to 2261: make it a pointer to leave it out", at.Format(time.RFC3339))}
				}
				to.Append(arrow.Timestamp(at.UnixNano()))
				return nil
			}
		},
	}
}

// timeIn returns the time in v without a copy on the heap where it can.
func timeIn(v reflect.Value) time.Time {
	if v.CanAddr() {
		return *v.Addr().Interface().(*time.Time)
	}
	return v.Interface().(time.Time)
}

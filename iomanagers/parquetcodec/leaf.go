package parquetcodec

import (
	"fmt"
	"reflect"
	"time"

	"github.com/parquet-go/parquet-go"
)

// leafType returns what the Go type of n, which is of no other shape, is in a column.
func leafType(n *node) (parquet.Type, error) {
	t := n.typ
	timed, counted := n.tag.unit != 0 || n.tag.date, n.tag.decimal != nil
	switch {
	case t == timeType && (counted || n.tag.uuid):
		return nil, fmt.Errorf("the tag options decimal and uuid are not for times")
	case t == timeType && n.tag.date:
		return parquet.Date().Type(), nil
	case t == timeType:
		return parquet.TimestampAdjusted(unitOf(n.tag), !n.tag.local).Type(), nil
	case timed:
		return nil, fmt.Errorf("the tag options timestamp and date are for time.Time, not for %v", t)
	case n.tag.uuid && (t.Kind() != reflect.Array || t.Elem().Kind() != reflect.Uint8 || t.Len() != 16):
		return nil, fmt.Errorf("the tag option uuid is for [16]byte, not for %v", t)
	case counted:
		return decimalType(n)
	case n.tag.uuid:
		return parquet.UUID().Type(), nil
	}
	if kind := plainType(t); kind != nil {
		return kind, nil
	}
	return nil, fmt.Errorf("there is no column type for %v", t)
}

func plainType(t reflect.Type) parquet.Type {
	switch t.Kind() {
	case reflect.Bool:
		return parquet.BooleanType
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return parquet.Int(t.Bits()).Type()
	case reflect.Int:
		return parquet.Int(64).Type()
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return parquet.Uint(t.Bits()).Type()
	case reflect.Uint:
		return parquet.Uint(64).Type()
	case reflect.Float32:
		return parquet.FloatType
	case reflect.Float64:
		return parquet.DoubleType
	case reflect.String:
		return parquet.String().Type()
	case reflect.Slice: // of bytes
		return parquet.ByteArrayType
	case reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && t.Len() > 0 {
			return parquet.FixedLenByteArrayType(t.Len())
		}
	}
	return nil
}

func decimalType(n *node) (parquet.Type, error) {
	d := n.tag.decimal
	switch n.typ.Kind() {
	case reflect.Int32:
		if d.precision <= 9 {
			return parquet.Decimal(d.scale, d.precision, parquet.Int32Type).Type(), nil
		}
	case reflect.Int64, reflect.Int:
		// parquet-go writes to the log if a narrower column would do.
		return parquet.Decimal(d.scale, max(d.precision, 10), parquet.Int64Type).Type(), nil
	}
	return nil, fmt.Errorf("decimal(%d:%d) needs an int32 (up to 9 digits) or an int64 (up to 18), not %v", d.scale, d.precision, n.typ)
}

func unitOf(t tag) parquet.TimeUnit {
	if t.unit == time.Millisecond {
		return parquet.Millisecond
	}
	if t.unit == time.Microsecond {
		return parquet.Microsecond
	}
	return parquet.Nanosecond
}

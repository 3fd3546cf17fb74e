package parquetcodec

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// setter puts a value of a column, which is that of the cursor, into a Go value.
type setter func(p place, from *cursor, v *parquet.Value) error

var errNotNull = errors.New("has a value though its type is null: the file is damaged")

// setter returns how values of the column go into the leaf n, or nil if they do not.
func (b binder) setter(n *node, file *parquet.Column) setter {
	kind := file.Type().Kind()
	t := n.typ
	switch {
	case t == timeType:
		return setTime(file)
	case t == durationType:
		return b.setDuration(file)
	case isLogical[*format.DecimalType](file):
		return setDecimal(n, file)
	case isTime(file):
		return nil
	}
	switch t.Kind() {
	case reflect.Bool:
		if kind == parquet.Boolean {
			return func(p place, _ *cursor, v *parquet.Value) error { p.setBool(v.Boolean()); return nil }
		}
	case reflect.Float32:
		if kind == parquet.Float {
			return func(p place, _ *cursor, v *parquet.Value) error { p.setFloat32(v.Float()); return nil }
		}
	case reflect.Float64:
		return setFloat(kind)
	case reflect.String:
		return setText(kind, file)
	case reflect.Slice:
		if kind == parquet.ByteArray || kind == parquet.FixedLenByteArray {
			return func(p place, _ *cursor, v *parquet.Value) error {
				p.setBytes(append([]byte{}, v.ByteArray()...))
				return nil
			}
		}
	case reflect.Array:
		return setArray(t, file)
	default:
		return setNumber(n, file)
	}
	return nil
}

// isTime reports whether the column has dates, times or timestamps, whose counts alone say
// nothing.
func isTime(file *parquet.Column) bool {
	return isLogical[*format.TimestampType](file) || isLogical[*format.TimeType](file) ||
		isLogical[*format.DateType](file) || file.Type().Kind() == parquet.Int96
}

func setFloat(kind parquet.Kind) setter {
	if kind == parquet.Double {
		return func(p place, _ *cursor, v *parquet.Value) error { p.setFloat64(v.Double()); return nil }
	}
	if kind == parquet.Float {
		return func(p place, _ *cursor, v *parquet.Value) error { p.setFloat64(float64(v.Float())); return nil }
	}
	return nil
}

func setText(kind parquet.Kind, file *parquet.Column) setter {
	if isLogical[*format.UUIDType](file) {
		return func(p place, _ *cursor, v *parquet.Value) error {
			h := hex.EncodeToString(v.ByteArray())
			p.setText(strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-"))
			return nil
		}
	}
	if kind != parquet.ByteArray || isLogical[*format.BsonType](file) {
		return nil
	}
	return func(p place, from *cursor, v *parquet.Value) error {
		text, err := from.text(v)
		p.setText(text)
		return err
	}
}

// textOf returns bytes of a column as text.
func textOf(b []byte) (string, error) {
	if !utf8.Valid(b) {
		return "", fmt.Errorf("holds %q, which is no UTF-8 text: make the field a []byte", brief(string(b)))
	}
	return string(b), nil
}

func setArray(t reflect.Type, file *parquet.Column) setter {
	if file.Type().Kind() != parquet.FixedLenByteArray || file.Type().Length() != t.Len() {
		return nil
	}
	return func(p place, _ *cursor, v *parquet.Value) error {
		copy(p.array(t.Len()), v.ByteArray())
		return nil
	}
}

// whole returns how a whole number of the column is read, or nil if it has none. big reports a
// number that only a uint64 holds.
func whole(file *parquet.Column) (read func(v *parquet.Value) (n int64, big bool)) {
	unsigned := false
	if logical, is := logicalOf[*format.IntType](file); is {
		unsigned = !logical.IsSigned
	} else if file.Type().LogicalType() != nil && !isLogical[*format.DecimalType](file) {
		return nil
	}
	switch kind := file.Type().Kind(); {
	case kind == parquet.Int32 && unsigned:
		return func(v *parquet.Value) (int64, bool) { return int64(v.Uint32()), false }
	case kind == parquet.Int32:
		return func(v *parquet.Value) (int64, bool) { return int64(v.Int32()), false }
	case kind == parquet.Int64 && unsigned:
		return func(v *parquet.Value) (int64, bool) { return v.Int64(), v.Int64() < 0 }
	case kind == parquet.Int64:
		return func(v *parquet.Value) (int64, bool) { return v.Int64(), false }
	}
	return nil
}

func setNumber(n *node, file *parquet.Column) setter {
	read, set := whole(file), setWhole(n.typ.Kind())
	if read == nil || set == nil || n.tag.decimal != nil {
		return nil
	}
	bits := n.typ.Kind() == reflect.Uint64 || n.typ.Kind() == reflect.Uint && n.typ.Size() == 8
	return func(p place, _ *cursor, v *parquet.Value) error {
		count, big := read(v)
		if fits := set(p, count); big && !bits || !big && !fits {
			text := fmt.Sprint(count)
			if big {
				text = fmt.Sprint(uint64(count))
			}
			return fmt.Errorf("holds %s, which the %v of field %s does not hold", text, n.typ, n.path)
		}
		return nil
	}
}

// setDecimal puts decimals into texts, into whole numbers with the same tag, and, if they have
// no fraction, into whole numbers.
func setDecimal(n *node, file *parquet.Column) setter {
	logical, _ := logicalOf[*format.DecimalType](file)
	scale := int(logical.Scale)
	if scale < 0 || scale > 1000 {
		return nil
	}
	if n.typ.Kind() == reflect.String {
		return func(p place, _ *cursor, v *parquet.Value) error {
			p.setText(decimalText(unscaled(v), scale))
			return nil
		}
	}
	set := setWhole(n.typ.Kind())
	wanted := 0
	if n.tag.decimal != nil {
		wanted = n.tag.decimal.scale
	}
	if set == nil || scale != wanted {
		return nil
	}
	return func(p place, _ *cursor, v *parquet.Value) error {
		count := unscaled(v)
		if !count.IsInt64() || !set(p, count.Int64()) {
			return fmt.Errorf("holds %s, which the %v of field %s does not hold", decimalText(count, scale), n.typ, n.path)
		}
		return nil
	}
}

// unscaled returns the whole number that a decimal is stored as.
func unscaled(v *parquet.Value) *big.Int {
	if v.Kind() == parquet.Int32 {
		return big.NewInt(int64(v.Int32()))
	}
	if v.Kind() == parquet.Int64 {
		return big.NewInt(v.Int64())
	}
	b := v.ByteArray()
	count := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 { // two's complement
		count.Sub(count, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return count
}

func decimalText(count *big.Int, scale int) string {
	digits := new(big.Int).Abs(count).String()
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	if scale > 0 {
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if count.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

func setTime(file *parquet.Column) setter {
	if stamp, is := logicalOf[*format.TimestampType](file); is && file.Type().Kind() == parquet.Int64 {
		return setTimestamp(stamp.Unit.Value.Duration())
	}
	switch {
	case isLogical[*format.DateType](file) && file.Type().Kind() == parquet.Int32:
		return func(p place, _ *cursor, v *parquet.Value) error {
			p.setTime(time.Unix(int64(v.Int32())*secondsOfDay, 0).UTC())
			return nil
		}
	case file.Type().Kind() == parquet.Int96:
		return setOldTime
	}
	return nil
}

func setTimestamp(unit time.Duration) setter {
	perSecond := int64(time.Second / unit)
	return func(p place, _ *cursor, v *parquet.Value) error {
		count := v.Int64()
		seconds, rest := count/perSecond, count%perSecond
		if rest < 0 {
			seconds, rest = seconds-1, rest+perSecond
		}
		p.setTime(time.Unix(seconds, rest*int64(unit)).UTC())
		return nil
	}
}

// setOldTime reads a time of 96 bits: nanoseconds since midnight, and the Julian day.
func setOldTime(p place, _ *cursor, v *parquet.Value) error {
	const dayOf1970 = 2_440_588
	count := v.Int96()
	nanos := int64(count[1])<<32 | int64(count[0])
	seconds := (int64(int32(count[2])) - dayOf1970) * secondsOfDay
	p.setTime(time.Unix(seconds+nanos/int64(time.Second), nanos%int64(time.Second)).UTC())
	return nil
}

// setDuration reads times of day, and durations that this package has written.
func (b binder) setDuration(file *parquet.Column) setter {
	unit := time.Nanosecond
	if clock, is := logicalOf[*format.TimeType](file); is {
		unit = clock.Unit.Value.Duration()
	} else if !b.durations || isTime(file) || isLogical[*format.DecimalType](file) {
		return nil
	}
	if file.Type().Kind() == parquet.Int32 {
		return func(p place, _ *cursor, v *parquet.Value) error {
			p.setDuration(time.Duration(v.Int32()) * unit)
			return nil
		}
	}
	if file.Type().Kind() == parquet.Int64 {
		return func(p place, _ *cursor, v *parquet.Value) error {
			if whole := v.Int64() * int64(unit); whole/int64(unit) != v.Int64() {
				return fmt.Errorf("holds %d times %v, which is no time of a day", v.Int64(), unit)
			}
			p.setDuration(time.Duration(v.Int64()) * unit)
			return nil
		}
	}
	return nil
}

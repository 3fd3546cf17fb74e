package sqltable

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxrun/fxrun/iomanagers"
)

// limits say what a database's columns can't hold.
type limits struct {
	text    bool // only UTF-8 without zero bytes
	numbers bool // no NaN
	times   time.Duration
}

// value returns the value of the column in a row, as one of the types that every driver
// takes: int64, float64, bool, string, []byte, time.Time, or nil.
func (c *column) value(row reflect.Value, l limits) (any, error) {
	field := row.FieldByIndex(c.index)
	if c.pointer {
		if field.IsNil() {
			return nil, nil
		}
		field = field.Elem()
	}
	v, err := c.plain(field, l)
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", c.name, err)
	}
	return v, nil
}

func (c *column) plain(field reflect.Value, l limits) (any, error) {
	switch c.class {
	case integers:
		if field.CanInt() {
			return field.Int(), nil
		}
		if n := field.Uint(); n > math.MaxInt64 {
			return nil, fmt.Errorf("%w: %d is above the largest number of a column, %d", iomanagers.ErrUnsupported, n, int64(math.MaxInt64))
		}
		return int64(field.Uint()), nil
	case floats:
		f := field.Float()
		if l.numbers && math.IsNaN(f) {
			return nil, fmt.Errorf("%w: NaN, which would come back as NULL", iomanagers.ErrUnsupported)
		}
		return f, nil
	case booleans:
		return field.Bool(), nil
	case texts:
		text, err := c.text(field)
		if err == nil && l.text {
			err = checkText(text)
		}
		return text, err
	case blobs:
		if field.IsNil() {
			return nil, nil
		}
		return field.Bytes(), nil
	case times:
		return checkTime(field.Interface().(time.Time), l.times)
	default:
		return document(field, l)
	}
}

func (c *column) text(field reflect.Value) (string, error) {
	if !c.marshals {
		return field.String(), nil
	}
	// The method may have a pointer receiver, and the field may have no address.
	place := reflect.New(c.typ)
	place.Elem().Set(field)
	text, err := place.Interface().(encoding.TextMarshaler).MarshalText()
	return string(text), err
}

func checkText(text string) error {
	if strings.IndexByte(text, 0) >= 0 {
		return fmt.Errorf("%w: text with a zero byte; []byte can hold it", iomanagers.ErrUnsupported)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%w: text that is not UTF-8; []byte can hold it", iomanagers.ErrUnsupported)
	}
	return nil
}

func checkTime(t time.Time, unit time.Duration) (time.Time, error) {
	t = t.UTC()
	if year := t.Year(); year < 1 || year > 9999 {
		return t, fmt.Errorf("%w: a time in the year %d, not in 1 to 9999", iomanagers.ErrUnsupported, year)
	}
	if t.Nanosecond()%int(unit) != 0 {
		return t, fmt.Errorf("%w: the time %s, finer than the database's %v: cut it by Truncate(%v)", iomanagers.ErrUnsupported, t.Format(time.RFC3339Nano), unit, unit)
	}
	return t, nil
}

func document(field reflect.Value, l limits) (any, error) {
	var b bytes.Buffer
	if err := iomanagers.JSON().Encode(&b, field.Interface()); err != nil {
		return nil, err
	}
	text := strings.TrimSuffix(b.String(), "\n")
	if l.text && holdsZero(text) {
		return nil, fmt.Errorf("%w: JSON with a zero character", iomanagers.ErrUnsupported)
	}
	return text, nil
}

// holdsZero says that JSON text has the character \u0000, which is not a backslash that is
// escaped, followed by u0000.
func holdsZero(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' {
			if strings.HasPrefix(text[i:], `\u0000`) {
				return true
			}
			i++
		}
	}
	return false
}

// cell is where a column of a row is scanned to.
type cell struct {
	column *column
	row    reflect.Value
}

// Scan puts what the database has into the field.
func (c *cell) Scan(stored any) error {
	field := c.row.FieldByIndex(c.column.index)
	if stored == nil {
		if !c.column.pointer && c.column.class != blobs {
			return errors.New("NULL, which needs a pointer")
		}
		field.SetZero()
		return nil
	}
	if c.column.pointer {
		field.Set(reflect.New(c.column.typ))
		field = field.Elem()
	}
	switch v := stored.(type) {
	case int64:
		return c.scanInteger(field, v)
	case float64:
		if c.column.class == floats {
			field.SetFloat(v)
			if got := field.Float(); got == v || got != got && v != v { // a float32 may not hold it
				return nil
			}
		}
	case bool:
		if c.column.class == booleans {
			field.SetBool(v)
			return nil
		}
	case time.Time:
		if c.column.class == times {
			field.Set(reflect.ValueOf(v.UTC()))
			return nil
		}
	case string:
		return c.scanText(field, v)
	case []byte:
		if c.column.class == blobs {
			field.SetBytes(append([]byte{}, v...)) // empty is not NULL
			return nil
		}
		return c.scanText(field, string(v))
	}
	return fmt.Errorf("%v is no %v", stored, c.column.typ)
}

func (c *cell) scanInteger(field reflect.Value, n int64) error {
	switch {
	case c.column.class == integers && field.CanInt() && !field.OverflowInt(n):
		field.SetInt(n)
	case c.column.class == integers && field.CanUint() && n >= 0 && !field.OverflowUint(uint64(n)):
		field.SetUint(uint64(n))
	case c.column.class == floats: // in SQLite a whole number may have been stored for it
		field.SetFloat(float64(n))
	case c.column.class == booleans && (n == 0 || n == 1):
		field.SetBool(n == 1)
	default:
		return fmt.Errorf("%d is no %v", n, c.column.typ)
	}
	return nil
}

// timeLayout is how times are written where they are text. Such times sort, and
// SQLite's date functions read them.
const timeLayout = "2006-01-02 15:04:05.999999999-07:00"

func (c *cell) scanText(field reflect.Value, text string) error {
	switch c.column.class {
	case texts:
		if c.column.marshals {
			return field.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
		}
		field.SetString(text)
		return nil
	case blobs:
		field.SetBytes([]byte(text))
		return nil
	case documents:
		return iomanagers.JSON().Decode(strings.NewReader(text), field.Addr().Interface())
	case times:
		t, err := time.Parse(timeLayout, text)
		if err != nil {
			return err
		}
		field.Set(reflect.ValueOf(t.UTC()))
		return nil
	default:
		return fmt.Errorf("text is no %v", c.column.typ)
	}
}

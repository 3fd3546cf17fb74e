package sqltable

import (
	"bytes"
	"encoding"
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
	zero    bool // no zero byte in text, no zero character in JSON
	numbers bool // no NaN
	times   time.Duration
	// times are text, in a form that does not hang on the settings of a driver
	textTimes bool
}

// value returns the value of the column in a row, as one of the types that every driver
// takes: int64, float64, bool, string, []byte, time.Time, or nil.
func (c *column) value(row reflect.Value, l limits) (any, error) {
	field := c.of(row)
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
		if err == nil {
			err = checkText(text, l)
		}
		return text, err
	case blobs:
		switch {
		case !field.IsNil():
			return field.Bytes(), nil
		case c.pointer: // NULL would come back as a nil pointer
			return []byte{}, nil
		}
		return nil, nil
	case times:
		t, _ := reflect.TypeAssert[time.Time](field) // makes no copy on the heap
		t, err := checkTime(t, l.times)
		if err == nil && l.textTimes {
			return timeText(t), nil
		}
		return t, err
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

func checkText(text string, l limits) error {
	if l.zero && strings.IndexByte(text, 0) >= 0 {
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
	if l.zero && holdsZero(text) {
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

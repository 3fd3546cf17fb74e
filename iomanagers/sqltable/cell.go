package sqltable

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxrun/fxrun/iomanagers"
)

// cell is where a column of a row is scanned to.
type cell struct {
	column *column
	row    reflect.Value
}

// cellError says why a cell refuses what the database has.
type cellError struct {
	column string
	err    error
}

func (e *cellError) Error() string { return "column " + e.column + ": " + e.err.Error() }
func (e *cellError) Unwrap() error { return e.err }

// Scan puts what the database has into the field, or refuses it: nothing is rounded, cut or
// taken for something else.
func (c *cell) Scan(stored any) error {
	if err := c.scan(stored); err != nil {
		return &cellError{c.column.name, err}
	}
	return nil
}

func (c *cell) scan(stored any) error {
	if stored == nil {
		return c.scanNull()
	}
	field := c.field()
	switch v := stored.(type) {
	case int64:
		if c.scanInteger(field, v) {
			return nil
		}
	case float64:
		if c.scanFloat(field, v) {
			return nil
		}
	case bool:
		if c.column.class == booleans {
			field.SetBool(v)
			return nil
		}
	case time.Time:
		if c.column.class == times {
			*field.Addr().Interface().(*time.Time) = v.UTC()
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
	return c.refuse("%v", stored)
}

func (c *cell) scanNull() error {
	if !c.column.pointer && c.column.class != blobs {
		return fmt.Errorf("NULL, which needs a pointer for the field %s", c.row.Type().FieldByIndex(c.column.index).Name)
	}
	c.column.of(c.row).SetZero()
	return nil
}

// field returns what takes a value that is not NULL.
func (c *cell) field() reflect.Value {
	field := c.column.of(c.row)
	if c.column.pointer {
		field.Set(reflect.New(c.column.typ))
		return field.Elem()
	}
	return field
}

// refuse says that what the database has is no value of the field.
func (c *cell) refuse(format string, stored any) error {
	return fmt.Errorf(format+" is no %v", stored, c.column.typ)
}

func (c *cell) scanInteger(field reflect.Value, n int64) bool {
	switch {
	case c.column.class == integers && field.CanInt() && !field.OverflowInt(n):
		field.SetInt(n)
	case c.column.class == integers && field.CanUint() && n >= 0 && !field.OverflowUint(uint64(n)):
		field.SetUint(uint64(n))
	case c.column.class == floats: // in SQLite a whole number may have been stored for it
		field.SetFloat(float64(n))
		return isInteger(field.Float(), n)
	case c.column.class == booleans && (n == 0 || n == 1):
		field.SetBool(n == 1)
	default:
		return false
	}
	return true
}

// isInteger says that f is exactly n. The conversion of a float that is beyond an int64 is not
// defined.
func isInteger(f float64, n int64) bool { return f < 1<<63 && int64(f) == n }

func (c *cell) scanFloat(field reflect.Value, f float64) bool {
	switch {
	case c.column.class == floats:
		field.SetFloat(f)
		got := field.Float() // a float32 may not hold it
		return got == f || got != got && f != f
	case c.column.class == integers && f >= -1<<63 && f < 1<<63 && f == float64(int64(f)): // a NUMERIC column of SQLite has floats beyond 64 bits
		return c.scanInteger(field, int64(f))
	}
	return false
}

func (c *cell) scanText(field reflect.Value, text string) error {
	switch c.column.class {
	case texts:
		if !utf8.ValidString(text) {
			return errors.New("text that is not UTF-8; a field of []byte, and a column of bytes, can hold it")
		}
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
		t, ok := parseTime(text)
		if !ok {
			return c.refuse("%q", text)
		}
		*field.Addr().Interface().(*time.Time) = t.UTC()
		return nil
	case integers, floats:
		return c.scanDecimal(field, text)
	default:
		return c.refuse("%q", text)
	}
}

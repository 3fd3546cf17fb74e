package iomanagers

import (
	"encoding"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unsafe"
)

// csvCell turns the values of one Go type into texts and back. This file and csvrow.go are
// where values are reached by their addresses: reflection for each field costs more than all
// the rest of reading and writing CSV.
type csvCell struct {
	want string // what the type is called in an error
	// add appends the text of the value at p. If omit, the zero value has no text.
	add func(b []byte, p unsafe.Pointer, omit bool) ([]byte, error)
	// set makes the value at p, which is zero, that of the text.
	set func(p unsafe.Pointer, text []byte) error
	// text says that the text may be empty, and may hold any character.
	text bool
	// bytes says that an empty text is nil, and a quoted empty one has no bytes.
	bytes bool
	// own says that the value is a string with the text.
	own bool
	// foreign says that methods of the type make and read the text.
	foreign bool
}

type (
	csvMarshaler   interface{ MarshalCSV() ([]byte, error) }
	csvUnmarshaler interface{ UnmarshalCSV(text []byte) error }
)

// cellOf returns how values of type t, which is no pointer, are written and read. The error
// continues a sentence that begins with the field.
func cellOf(t reflect.Type, layout string, hasLayout bool) (csvCell, error) {
	if t == reflect.TypeFor[time.Time]() {
		if hasLayout {
			return layoutCell(layout)
		}
		return timeCell(), nil
	}
	if hasLayout {
		return csvCell{}, fmt.Errorf("has the tag layout, which is for a time.Time, not for a %v", t)
	}
	if hasText(t) {
		return foreignCell(t)
	}
	switch t.Kind() {
	case reflect.String:
		return stringCell(), nil
	case reflect.Bool:
		return boolCell(t), nil
	case reflect.Int:
		return intCell[int](t), nil
	case reflect.Int8:
		return intCell[int8](t), nil
	case reflect.Int16:
		return intCell[int16](t), nil
	case reflect.Int32:
		return intCell[int32](t), nil
	case reflect.Int64:
		return intCell[int64](t), nil
	case reflect.Uint:
		return uintCell[uint](t), nil
	case reflect.Uint8:
		return uintCell[uint8](t), nil
	case reflect.Uint16:
		return uintCell[uint16](t), nil
	case reflect.Uint32:
		return uintCell[uint32](t), nil
	case reflect.Uint64:
		return uintCell[uint64](t), nil
	case reflect.Float32:
		return floatCell[float32](t), nil
	case reflect.Float64:
		return floatCell[float64](t), nil
	case reflect.Interface:
		return csvCell{}, errors.New("is an interface, of which CSV keeps only the text")
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return bytesCell(), nil
		}
	}
	return csvCell{}, fmt.Errorf("is a %v, which has no text in CSV: give it MarshalText and UnmarshalText, or leave it out by the tag csv:\"-\"", t)
}

func stringCell() csvCell {
	return csvCell{
		want: "text",
		text: true,
		own:  true,
		add:  func(b []byte, p unsafe.Pointer, _ bool) ([]byte, error) { return append(b, *(*string)(p)...), nil },
		set: func(p unsafe.Pointer, text []byte) error {
			*(*string)(p) = string(text)
			return nil
		},
	}
}

func boolCell(t reflect.Type) csvCell {
	return csvCell{
		want: t.String(),
		add: func(b []byte, p unsafe.Pointer, omit bool) ([]byte, error) {
			if v := *(*bool)(p); v || !omit {
				b = strconv.AppendBool(b, v)
			}
			return b, nil
		},
		set: func(p unsafe.Pointer, text []byte) error {
			v, err := strconv.ParseBool(string(text))
			*(*bool)(p) = v
			return err
		},
	}
}

func intCell[T int | int8 | int16 | int32 | int64](t reflect.Type) csvCell {
	bits := t.Bits()
	return csvCell{
		want: t.String(),
		add: func(b []byte, p unsafe.Pointer, omit bool) ([]byte, error) {
			if v := *(*T)(p); v != 0 || !omit {
				b = strconv.AppendInt(b, int64(v), 10)
			}
			return b, nil
		},
		set: func(p unsafe.Pointer, text []byte) error {
			if v, ok := wholeNumber(text); ok && int64(T(v)) == v {
				*(*T)(p) = T(v)
				return nil
			}
			v, err := strconv.ParseInt(string(text), 10, bits)
			if err != nil {
				v, err = strconv.ParseInt(string(whole(text)), 10, bits)
			}
			*(*T)(p) = T(v)
			return err
		},
	}
}

func uintCell[T uint | uint8 | uint16 | uint32 | uint64](t reflect.Type) csvCell {
	bits := t.Bits()
	return csvCell{
		want: t.String(),
		add: func(b []byte, p unsafe.Pointer, omit bool) ([]byte, error) {
			if v := *(*T)(p); v != 0 || !omit {
				b = strconv.AppendUint(b, uint64(v), 10)
			}
			return b, nil
		},
		set: func(p unsafe.Pointer, text []byte) error {
			if v, ok := wholeNumber(text); ok && v >= 0 && text[0] != '-' && int64(T(v)) == v {
				*(*T)(p) = T(v)
				return nil
			}
			v, err := strconv.ParseUint(string(text), 10, bits)
			if err != nil {
				v, err = strconv.ParseUint(string(whole(text)), 10, bits)
			}
			*(*T)(p) = T(v)
			return err
		},
	}
}

// whole cuts a fraction of zeros off: pandas writes whole numbers as 1.0 if one of the column
// is missing.
func whole(text []byte) []byte {
	end := len(text)
	for end > 0 && text[end-1] == '0' {
		end--
	}
	if end == len(text) || end == 0 || text[end-1] != '.' {
		return text
	}
	return text[:end-1]
}

func floatCell[T float32 | float64](t reflect.Type) csvCell {
	bits := t.Bits()
	return csvCell{
		want: t.String(),
		add: func(b []byte, p unsafe.Pointer, omit bool) ([]byte, error) {
			v := float64(*(*T)(p))
			if v != 0 || !omit || math.Signbit(v) {
				b = appendFloat(b, v, bits)
			}
			return b, nil
		},
		set: func(p unsafe.Pointer, text []byte) error {
			if v, ok := decimalNumber(text); ok && bits == 64 {
				*(*T)(p) = T(v)
				return nil
			}
			v, err := strconv.ParseFloat(string(text), bits)
			if slices.ContainsFunc(text, isGoOnly) {
				return strconv.ErrSyntax
			}
			*(*T)(p) = T(v)
			return err
		},
	}
}

// isGoOnly finds what is in numbers of Go, and is no number to other readers of CSV.
func isGoOnly(c byte) bool { return c == '_' || c == 'x' || c == 'X' }

func bytesCell() csvCell {
	return csvCell{
		want:  "bytes in base64",
		bytes: true,
		add: func(b []byte, p unsafe.Pointer, _ bool) ([]byte, error) {
			v := *(*[]byte)(p)
			if v != nil && len(v) == 0 {
				return append(b, `""`...), nil
			}
			return base64.StdEncoding.AppendEncode(b, v), nil
		},
		set: func(p unsafe.Pointer, text []byte) error {
			v, err := base64.StdEncoding.Strict().AppendDecode([]byte{}, text)
			*(*[]byte)(p) = v
			return err
		},
	}
}

// hasText says that methods of t or *t make a text or read one.
func hasText(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return t.Kind() != reflect.Interface &&
		(pointer.Implements(reflect.TypeFor[csvMarshaler]()) || pointer.Implements(reflect.TypeFor[csvUnmarshaler]()) ||
			pointer.Implements(reflect.TypeFor[encoding.TextMarshaler]()) || pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()))
}

// foreignCell calls the methods of a type.
func foreignCell(t reflect.Type) (csvCell, error) {
	cell := csvCell{want: t.String(), text: true, foreign: true}
	pointer := reflect.PointerTo(t)
	writes, reads := pointer.Implements(reflect.TypeFor[csvMarshaler]()), pointer.Implements(reflect.TypeFor[csvUnmarshaler]())
	if writes != reads {
		return csvCell{}, fmt.Errorf("is a %v, which has only one of MarshalCSV and UnmarshalCSV", t)
	}
	if writes {
		cell.add = func(b []byte, p unsafe.Pointer, _ bool) ([]byte, error) {
			text, err := reflect.NewAt(t, p).Interface().(csvMarshaler).MarshalCSV()
			return append(b, text...), err
		}
		cell.set = func(p unsafe.Pointer, text []byte) error {
			return reflect.NewAt(t, p).Interface().(csvUnmarshaler).UnmarshalCSV(slices.Clone(text))
		}
		return cell, nil
	}
	if !pointer.Implements(reflect.TypeFor[encoding.TextMarshaler]()) || !pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return csvCell{}, fmt.Errorf("is a %v, which has only one of MarshalText and UnmarshalText", t)
	}
	cell.add = func(b []byte, p unsafe.Pointer, _ bool) ([]byte, error) {
		text, err := reflect.NewAt(t, p).Interface().(encoding.TextMarshaler).MarshalText()
		return append(b, text...), err
	}
	cell.set = func(p unsafe.Pointer, text []byte) error {
		return reflect.NewAt(t, p).Interface().(encoding.TextUnmarshaler).UnmarshalText(slices.Clone(text))
	}
	return cell, nil
}

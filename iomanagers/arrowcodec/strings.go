package arrowcodec

import (
	"bytes"
	"encoding"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// strs reads texts, and decimal numbers as their digits.
func strs(stored arrow.DataType) opener {
	return textsTo(stored, func(text string, v reflect.Value) *fault {
		v.SetString(text)
		return nil
	})
}

// textsTo reads what is a text, or a decimal number with all its digits.
func textsTo(stored arrow.DataType, set func(text string, v reflect.Value) *fault) opener {
	switch stored.ID() {
	case arrow.STRING, arrow.LARGE_STRING:
		return func(a arrow.Array) cells {
			from := a.(interface{ Value(i int) string })
			// Cloned, so that a row that is kept does not keep the whole record batch.
			return cells{get: func(i int, v reflect.Value) *fault { return set(strings.Clone(from.Value(i)), v) }}
		}
	case arrow.STRING_VIEW:
		return func(a arrow.Array) cells {
			from := a.(*array.StringView)
			return cells{get: func(i int, v reflect.Value) *fault { return set(ownText(from.Value(i)), v) }}
		}
	default:
	}
	if decimal, ok := stored.(arrow.DecimalType); ok {
		return decimals(decimal, set)
	}
	return nil
}

// ownText returns a text of its own, unless it is long. Any number of views may share a long text,
// so copies of it could take far more memory than the file.
func ownText(text string) string {
	const long = 4 << 10
	if len(text) > long {
		return text
	}
	return strings.Clone(text)
}

// decimals reads decimal numbers as texts.
func decimals(stored arrow.DecimalType, set func(text string, v reflect.Value) *fault) opener {
	scale := int(stored.GetScale())
	const most = 76 // digits of the largest type
	if scale < -most || scale > most {
		return nil
	}
	return func(a arrow.Array) cells {
		digits := unscaled(a)
		return cells{get: func(i int, v reflect.Value) *fault { return set(decimalText(digits(i), scale), v) }}
	}
}

// unscaled returns what gives the digits of a decimal number.
func unscaled(a arrow.Array) func(i int) *big.Int {
	switch from := a.(type) {
	case *array.Decimal32:
		return func(i int) *big.Int { return big.NewInt(int64(from.Value(i))) }
	case *array.Decimal64:
		return func(i int) *big.Int { return big.NewInt(int64(from.Value(i))) }
	case *array.Decimal256:
		return func(i int) *big.Int { return from.Value(i).BigInt() }
	}
	from := a.(*array.Decimal128)
	return func(i int) *big.Int { return from.Value(i).BigInt() }
}

// decimalText returns all digits of a number, as many of them behind the point as the scale says.
func decimalText(n *big.Int, scale int) string {
	digits := new(big.Int).Abs(n).String()
	switch {
	case scale < 0 && n.Sign() != 0:
		digits += strings.Repeat("0", -scale)
	case scale > 0:
		digits = strings.Repeat("0", max(0, scale+1-len(digits))) + digits
		point := len(digits) - scale
		digits = digits[:point] + "." + digits[point:]
	}
	if n.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

var (
	marshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	unmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// marshalsOpaquely says that t is a struct without exported fields that writes and reads itself as a text.
func marshalsOpaquely(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || !reflect.PointerTo(t).Implements(marshaler) || !reflect.PointerTo(t).Implements(unmarshaler) {
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() || f.Anonymous {
			return false
		}
	}
	return true
}

// ownTexts is the layout of values that write and read themselves as texts.
func ownTexts() layout {
	return layout{
		open: plain(func(stored arrow.DataType) opener {
			return textsTo(stored, func(text string, v reflect.Value) *fault {
				if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
					return &fault{reason: fmt.Sprintf("is %.100q, which %v does not take", text, v.Type()), cause: err}
				}
				return nil
			})
		}),
		dataType: arrow.BinaryTypes.String,
		width:    32, // as long as most of them are
		put: func(b array.Builder) putter {
			to := b.(*array.StringBuilder)
			return func(v reflect.Value) *fault {
				if !v.CanAddr() {
					addressed := reflect.New(v.Type()).Elem()
					addressed.Set(v)
					v = addressed
				}
				text, err := v.Addr().Interface().(encoding.TextMarshaler).MarshalText()
				if err != nil {
					return &fault{reason: fmt.Sprintf("is a %v that has no text", v.Type()), cause: err}
				}
				if !utf8.Valid(text) {
					return &fault{reason: fmt.Sprintf("is a %v whose text is not UTF-8", v.Type())}
				}
				to.Append(string(text))
				return nil
			}
		},
	}
}

// blobsOf returns what gives the bytes of an array, nil if the type is not one of bytes.
func blobsOf(stored arrow.DataType) func(a arrow.Array) func(i int) []byte {
	switch stored.ID() {
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW, arrow.FIXED_SIZE_BINARY:
		return func(a arrow.Array) func(i int) []byte { return a.(interface{ Value(i int) []byte }).Value }
	default:
		return nil
	}
}

func blobCells(stored arrow.DataType) opener {
	read := blobsOf(stored)
	if read == nil {
		return nil
	}
	return func(a arrow.Array) cells {
		value := read(a)
		return cells{get: func(i int, v reflect.Value) *fault { v.SetBytes(bytes.Clone(value(i))); return nil }}
	}
}

func fixedBlobCells(stored arrow.DataType, n int) opener {
	read := blobsOf(stored)
	if read == nil {
		return nil
	}
	if fixed, ok := stored.(*arrow.FixedSizeBinaryType); ok && fixed.ByteWidth != n {
		return nil
	}
	return func(a arrow.Array) cells {
		value := read(a)
		return cells{get: func(i int, v reflect.Value) *fault {
			blob := value(i)
			if len(blob) != n {
				return &fault{reason: fmt.Sprintf("has %d bytes, and %v has %d: declare []byte", len(blob), v.Type(), n)}
			}
			copy(v.Bytes(), blob)
			return nil
		}}
	}
}

package iomanagers

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/fxrun/fxrun/internal/nearest"
)

// Codec turns values into bytes and back. Implementations are stateless values that are
// safe for concurrent use. A codec may also be a [TypeChecker] and a [TypeClaimer].
type Codec interface {
	// Name is what an asset's Format calls the codec, such as "csv".
	Name() string

	// Extension ends the names of files that hold the codec's bytes, such as ".csv": a
	// dot, then at most 31 lower-case letters, digits, dots, dashes and underscores.
	Extension() string

	// Encode writes value to w and keeps neither. A type that the codec can't hold matches
	// [ErrType], a value of a fitting type that it can't represent [ErrUnsupported].
	Encode(w io.Writer, value any) error

	// Decode reads all of r into dst, a non-nil pointer to a zero value that the caller
	// throws away if Decode fails. Bytes that hold something else match [ErrType].
	//
	// Where the bytes lie in a file, r is an *io.SectionReader over the whole of it, so
	// that a codec can also read at any offset and ask for the Size.
	Decode(r io.Reader, dst any) error
}

// TypeChecker is implemented by codecs that know from the Go type alone whether they can
// encode and decode it. The error of CheckType matches [ErrType] and says what the codec
// takes. A codec without it takes every type, as far as anyone knows beforehand.
type TypeChecker interface {
	CheckType(t reflect.Type) error
}

// TypeClaimer is implemented by codecs that are the natural choice for some Go types, as
// [Raw] is for bytes and strings. Such a codec is used for them where an asset asks for no format.
type TypeClaimer interface {
	Claims(t reflect.Type) bool
}

// codecs are the codecs of one manager, the default first.
type codecs []Codec

// pick returns the codec for a value of type t: the one named, else the first that claims
// the type, else the first.
func (c codecs) pick(format string, t reflect.Type) (Codec, error) {
	if format == "" {
		for _, codec := range c {
			if claimer, ok := codec.(TypeClaimer); ok && claimer.Claims(t) {
				return codec, nil
			}
		}
		return c[0], nil
	}
	names := make([]string, len(c))
	for i, codec := range c {
		if codec.Name() == format {
			return codec, nil
		}
		names[i] = codec.Name()
	}
	suggestion := ""
	if near := nearest.Name(format, names); near != "" {
		suggestion = fmt.Sprintf("; did you mean %q?", near)
	}
	return nil, fmt.Errorf("%w: there is no format %q among %s%s", ErrUnsupported, format, strings.Join(names, ", "), suggestion)
}

// pickFor returns the codec for a value of type t once it is known to take the type.
func (c codecs) pickFor(format string, t reflect.Type) (Codec, error) {
	codec, err := c.pick(format, t)
	if err != nil {
		return nil, err
	}
	if checker, ok := codec.(TypeChecker); ok {
		if err := checker.CheckType(t); err != nil {
			return nil, fmt.Errorf("checking for %s: %w", codec.Name(), err)
		}
	}
	return codec, nil
}

// rowType returns the struct type of rows: t is a slice of structs or of pointers to
// structs.
func rowType(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() != reflect.Slice {
		return nil, false
	}
	row := t.Elem()
	if row.Kind() == reflect.Pointer {
		row = row.Elem()
	}
	return row, row.Kind() == reflect.Struct
}

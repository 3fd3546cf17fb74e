package iomanagers

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/iomanagers/internal/secrets"
	"github.com/fxrun/fxrun/rows"
)

// Codec turns values into bytes and back. Implementations are stateless values that are
// safe for concurrent use. A codec may also be a [TypeChecker], a [TypeClaimer] and, for
// streams, a [RowCodec].
type Codec interface {
	// Name is what an asset's Format calls the codec, such as "csv".
	Name() string

	// Extension ends the names of files that hold the codec's bytes, such as ".csv": a
	// dot, then at most 31 lower-case letters, digits, dots, dashes and underscores.
	Extension() string

	// Encode writes value to w, and keeps neither of them. If the codec cannot hold the type,
	// the error matches [ErrType]. If the type fits and the codec cannot represent the value,
	// the error matches [ErrUnsupported].
	Encode(w io.Writer, value any) error

	// Decode reads all of r into dst, a non-nil pointer to a zero value. If Decode fails, the
	// caller does not use the value. If the bytes hold something else, the error matches
	// [ErrType].
	//
	// If the bytes can be read at any offset, as those of a file can, r is also an io.ReaderAt
	// over all of them, and has a method Size() int64.
	Decode(r io.Reader, dst any) error
}

// TypeChecker is implemented by codecs that can tell from the Go type alone whether they can
// encode and decode it. The error of CheckType matches [ErrType] and says which types the
// codec takes. If a codec is not a TypeChecker, every type passes the check of definitions.
//
// For a stream, t is the slice of its rows: []R for iter.Seq2[R, error] and for
// iter.Seq2[[]R, error]. For chunks of bytes, iter.Seq2[[]byte, error], t is []byte if the
// codec claims []byte, and otherwise [][]byte. The same is true for [TypeClaimer].
type TypeChecker interface {
	CheckType(t reflect.Type) error
}

// TypeClaimer is implemented by codecs that are the natural choice for some Go types, as
// [Raw] is for bytes and strings. If an asset names no format, its type decides, and the codec
// that claims the type is used.
type TypeClaimer interface {
	Claims(t reflect.Type) bool
}

// codecs are the codecs of one manager, the default first.
type codecs []Codec

var _ Checker = codecs(nil)

var extensionPattern = regexp.MustCompile(`^\.[a-z0-9_-][a-z0-9._-]{0,30}$`)

// newCodecs returns the codecs of one manager, and an error if they conflict. If list is
// empty, it returns the codecs that need no other package.
func newCodecs(given []Codec) (codecs, error) {
	if len(given) == 0 {
		given = []Codec{JSON(), JSONLines(), CSV(), Gob(), Text(), Raw("")}
	}
	var faults []error
	names, extensions := map[string]bool{}, map[string]string{}
	for _, codec := range given {
		name, extension := codec.Name(), codec.Extension()
		if name == "" {
			faults = append(faults, fmt.Errorf("a codec for %s has no name", extension))
		}
		if names[name] {
			faults = append(faults, fmt.Errorf("there are two codecs named %q", name))
		}
		if !extensionPattern.MatchString(extension) {
			faults = append(faults, fmt.Errorf("codec %q: extension %q is not a dot and up to 31 of a-z, 0-9, dot, dash and underscore", name, extension))
		}
		if other, taken := extensions[extension]; taken {
			faults = append(faults, fmt.Errorf("codecs %q and %q share the extension %s", other, name, extension))
		}
		names[name], extensions[extension] = true, name
	}
	return slices.Clone(given), errors.Join(faults...)
}

// CheckCodecs returns what a [CodecManager] of these codecs answers, before there is one:
// what the definition of a manager gives to [Checks], so that types which can't be
// stored are faults of the definitions. With codecs that can't stand side by side it answers
// that, as ErrUnsupported, about every type.
func CheckCodecs(codecs ...Codec) Checker {
	known, err := newCodecs(codecs)
	if err != nil {
		return noCodecs{err}
	}
	return known
}

type noCodecs struct{ fault error }

func (c noCodecs) Check(string, reflect.Type) error {
	return fmt.Errorf("%w: %w", ErrUnsupported, c.fault)
}

// Check reports whether values of type t can be stored in the named format.
func (c codecs) Check(format string, t reflect.Type) error {
	_, err := c.pickFor(format, t)
	return err
}

// pick returns the codec for a value of type t: the one named, else the first that claims
// the type, else the first.
func (c codecs) pick(format string, t reflect.Type) (Codec, error) {
	if format == "" {
		for _, codec := range c {
			if claims(codec, typeFor(codec, t)) {
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
	return codec, checkFor(codec, t)
}

// checkFor reports whether codec takes values of type t.
func checkFor(codec Codec, t reflect.Type) error {
	if secret := secrets.Find(t); secret != "" {
		return fmt.Errorf("checking for %s: %w: %s is a container.Secret, of which only the mask would be stored", codec.Name(), ErrType, secret)
	}
	if checker, ok := codec.(TypeChecker); ok {
		if err := checker.CheckType(typeFor(codec, t)); err != nil {
			return fmt.Errorf("checking for %s: %w", codec.Name(), err)
		}
	}
	shape, ok := rows.Of(t)
	if _, streams := codec.(RowCodec); ok && shape.Form.Streams() && !streams {
		return fmt.Errorf("checking for %s: %w: it has no streams, only slices: %v, not %v", codec.Name(), ErrUnsupported, shape.Slice, t)
	}
	return nil
}

// typeFor returns the type that codec is asked about for values of type t: that of a stream is
// the slice of its rows, or bytes.
func typeFor(codec Codec, t reflect.Type) reflect.Type {
	shape, ok := rows.Of(t)
	switch {
	case !ok || !shape.Form.Streams():
		return t
	case keepsChunks(codec, shape):
		return shape.Element
	}
	return shape.Slice
}

// keepsChunks says that codec puts chunks of bytes one behind another, as one value.
func keepsChunks(codec Codec, shape rows.Shape) bool {
	if shape.Form != rows.Stream || !rows.IsBytes(shape.Element) {
		return false
	}
	_, raw := codec.(rawCodec)
	return raw || claims(codec, shape.Element)
}

func claims(codec Codec, t reflect.Type) bool {
	claimer, ok := codec.(TypeClaimer)
	return ok && claimer.Claims(t)
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

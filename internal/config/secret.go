package config

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"unique"
	"unsafe"

	"go.yaml.in/yaml/v3"
)

// Masked is what a [Secret] shows in place of its value, everywhere.
const Masked = "******"

// Secret holds a value that is never shown. Its String, Format, JSON, YAML,
// text and slog forms are [Masked], also inside other values. A printer that
// calls no methods, as fmt does for unexported fields, or that follows pointers
// by reflection, finds an address and not the value. Only Reveal returns the
// value.
//
// As a field of a config struct, a Secret is filled like a field of type T.
// Every description of the field (command line, errors, stored runs) is masked.
// The zero Secret holds the zero T. It is masked too, so nobody can see whether
// a secret is empty.
//
// A Secret is comparable if T is. Then == and reflect.DeepEqual compare the
// values in the secrets. [Secret.Equal] compares the values of any T. A Secret
// is safe for concurrent use if T is.
type Secret[T any] struct {
	_ [0]T // Secret is comparable if T is, and not convertible to a Secret of another type

	// at is a unique.Handle[any] in the form of a pointer that no printer
	// follows. fmt, go-cmp and spew show an unsafe.Pointer as an address, but
	// they would follow the pointer in a Handle to the value. It is nil for the
	// zero T.
	at unsafe.Pointer
}

// The conversion is possible only as long as a Handle is a single pointer.
var _ [unsafe.Sizeof(unsafe.Pointer(nil))]struct{} = [unsafe.Sizeof(unique.Handle[any]{})]struct{}{}

// uncomparable holds a value that unique.Make does not accept.
type uncomparable[T any] struct{ value *T }

// NewSecret returns a Secret that holds value.
func NewSecret[T any](value T) Secret[T] {
	of := reflect.ValueOf(&value).Elem()
	if of.IsZero() {
		return Secret[T]{}
	}
	held := any(value)
	if !of.Comparable() {
		held = uncomparable[T]{&value}
	}
	handle := unique.Make(held)
	return Secret[T]{at: *(*unsafe.Pointer)(unsafe.Pointer(&handle))}
}

// Reveal returns the value. Give it only to the client that needs it.
func (s Secret[T]) Reveal() (value T) {
	if s.at == nil {
		return value
	}
	switch held := (*(*unique.Handle[any])(unsafe.Pointer(&s.at))).Value().(type) {
	case uncomparable[T]:
		return *held.value
	case T:
		return held
	}
	return value // this is not reached, because only NewSecret sets at
}

// Equal reports whether both hold the same value, as reflect.DeepEqual compares
// values. Package go-cmp calls it, so that structs with secrets can be compared
// in tests.
func (s Secret[T]) Equal(other Secret[T]) bool {
	return s.at == other.at || reflect.DeepEqual(s.Reveal(), other.Reveal())
}

// String returns [Masked].
func (s Secret[T]) String() string { return Masked }

// Format writes [Masked] for every verb, so that %#v, %x and %+v of a struct
// with a Secret do not show the value either.
func (s Secret[T]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Masked) }

// LogValue returns [Masked].
func (s Secret[T]) LogValue() slog.Value { return slog.StringValue(Masked) }

// MarshalJSON writes [Masked] as a JSON string.
func (s Secret[T]) MarshalJSON() ([]byte, error) { return json.Marshal(Masked) }

// MarshalYAML writes [Masked] as a YAML string.
func (s Secret[T]) MarshalYAML() (any, error) { return Masked, nil }

// MarshalText writes [Masked].
func (s Secret[T]) MarshalText() ([]byte, error) { return []byte(Masked), nil }

// errSecretText takes the place of the error of a decoder, which may quote the
// text.
var errSecretText = errors.New("the text is not of the secret's type")

// UnmarshalText fills the secret from text. Text and bytes, also of named types,
// and a value in an interface are taken without a change. A type that reads
// itself from text does so, in the order of envconfig. All other types are read
// like any field of a config. A value behind a pointer is filled in the same way.
// The error never contains the text.
func (s *Secret[T]) UnmarshalText(text []byte) error {
	var value T
	if !decodeGiven(string(text), reflect.ValueOf(&value).Elem()) {
		return errSecretText
	}
	*s = NewSecret(value)
	return nil
}

// decodeGiven reads the text of a secret, and reports whether this was
// possible.
func decodeGiven(text string, into reflect.Value) bool {
	switch t := into.Type(); {
	case t.Kind() == reflect.Pointer && !decodesText(t):
		into.Set(reflect.New(t.Elem()))
		return decodeGiven(text, into.Elem())
	case t.Kind() == reflect.Interface:
		if t.NumMethod() > 0 {
			return false
		}
		into.Set(reflect.ValueOf(text))
		return true
	}
	return new(Shapes).readVariable(text, into) == ""
}

// textNode returns a node that is text, also if the text looks like another
// value.
func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: text}
}

// hidden returns the value, for the code that checks config fields.
func (s Secret[T]) hidden() any { return s.Reveal() }

func (s Secret[T]) hiddenType() reflect.Type { return reflect.TypeFor[T]() }

// holding returns a Secret of the same type that holds value.
func (s Secret[T]) holding(value reflect.Value) reflect.Value {
	var held T
	reflect.ValueOf(&held).Elem().Set(value)
	return reflect.ValueOf(NewSecret(held))
}

// hider is a Secret of any type.
type hider interface {
	hidden() any
	hiddenType() reflect.Type
	holding(value reflect.Value) reflect.Value
}

var (
	_ hider                    = Secret[string]{}
	_ fmt.Formatter            = Secret[string]{}
	_ slog.LogValuer           = Secret[string]{}
	_ json.Marshaler           = Secret[string]{}
	_ yaml.Marshaler           = Secret[string]{}
	_ encoding.TextUnmarshaler = (*Secret[string])(nil)
)

package config

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"unique"
	"unsafe"

	"go.yaml.in/yaml/v3"
)

// Masked is what a [Secret] shows in place of its value, everywhere.
const Masked = "******"

// Secret holds a value that is never shown: every String, Format, JSON, YAML,
// text and slog rendering of it is [Masked], also inside other values. Where a
// printer calls no methods, as fmt does with unexported fields, and where it
// follows pointers by reflection, it finds an address and not the value. Reveal
// is the only way to the value.
//
// As a field of a config struct it is filled like a field of type T, and every
// description of that field (command line, errors, stored runs) is masked. The
// zero Secret holds the zero T and is masked too, so that a reader can't tell
// an empty secret from a set one.
//
// Secret is comparable when T is, and then == and reflect.DeepEqual compare the
// values that are held. [Secret.Equal] compares the values of any T. A Secret is
// safe for concurrent use if T is.
type Secret[T any] struct {
	_ [0]T // Secret is comparable if T is, and not convertible to a Secret of another type

	// at is a unique.Handle[any] in the form of a pointer that no printer
	// follows: fmt, go-cmp and spew show an unsafe.Pointer as an address, but
	// follow the pointer in a Handle to the value. It is nil for the zero T.
	at unsafe.Pointer
}

// A Handle can be kept as a pointer as long as it is one.
var _ [unsafe.Sizeof(unsafe.Pointer(nil))]struct{} = [unsafe.Sizeof(unique.Handle[any]{})]struct{}{}

// uncomparable holds a value that unique.Make does not take.
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

// Reveal returns the value. Hand it to the client that needs it and nowhere
// else.
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
	return value // not reached: only NewSecret sets at
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
// around the Secret don't reach the value either.
func (s Secret[T]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Masked) }

// LogValue returns [Masked].
func (s Secret[T]) LogValue() slog.Value { return slog.StringValue(Masked) }

// MarshalJSON writes [Masked] as a JSON string.
func (s Secret[T]) MarshalJSON() ([]byte, error) { return json.Marshal(Masked) }

// MarshalYAML writes [Masked] as a YAML string.
func (s Secret[T]) MarshalYAML() (any, error) { return Masked, nil }

// MarshalText writes [Masked].
func (s Secret[T]) MarshalText() ([]byte, error) { return []byte(Masked), nil }

// errSecretText hides the decoder's own error, which may quote the text.
var errSecretText = errors.New("the text is not of the secret's type")

// UnmarshalText fills the secret from text. Text and bytes, of a named type too,
// are taken as they are, and so is what stands in an interface; a type that reads
// itself does so, in the order of envconfig. Everything else is read as any field
// of a config is. What a pointer leads to is filled in the same way. Its error
// never holds the text.
func (s *Secret[T]) UnmarshalText(text []byte) error {
	var value T
	if !decodeGiven(string(text), reflect.ValueOf(&value).Elem()) {
		return errSecretText
	}
	*s = NewSecret(value)
	return nil
}

// decodeGiven reads the text of a secret, and reports whether it could.
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

// textNode is a node that holds text, whatever that looks like.
func textNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: text}
}

// typeText is a type as users write it: they know Secret from package container,
// of which this package's is an alias.
func typeText(t reflect.Type) string { return userText(t.String()) }

func userText(name string) string {
	return strings.ReplaceAll(name, "config.Secret[", "container.Secret[")
}

// hidden gives the value to the code that checks config fields.
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

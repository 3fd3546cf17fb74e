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

	"go.yaml.in/yaml/v3"
)

// Masked is what a [Secret] shows in place of its value, everywhere.
const Masked = "******"

// Secret holds a value that is never shown: every String, Format, JSON, YAML,
// text and slog rendering of it is [Masked], also inside other values. Reveal
// is the only way to the value.
//
// As a field of a config struct it is filled like a field of type T, and every
// description of that field (command line, errors, stored runs) is masked. The
// zero Secret holds the zero T and is masked too, so that a reader can't tell
// an empty secret from a set one.
//
// Secret is comparable when T is, and safe for concurrent use if T is.
type Secret[T any] struct {
	value T
}

// NewSecret returns a Secret that holds value.
func NewSecret[T any](value T) Secret[T] { return Secret[T]{value: value} }

// Reveal returns the value. Hand it to the client that needs it and nowhere
// else.
func (s Secret[T]) Reveal() T { return s.value }

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

// UnmarshalText fills the secret from text: as is for strings and bytes, by
// the type's own UnmarshalText, or as a YAML scalar (numbers, booleans,
// durations). Its error never holds the text.
func (s *Secret[T]) UnmarshalText(text []byte) error {
	switch value := any(&s.value).(type) {
	case *string:
		*value = string(text)
		return nil
	case *[]byte:
		*value = append([]byte(nil), text...)
		return nil
	case encoding.TextUnmarshaler:
		if err := value.UnmarshalText(text); err != nil {
			return errSecretText
		}
		return nil
	}
	return s.decode(text)
}

// decode reads a type that does not read itself.
func (s *Secret[T]) decode(text []byte) error {
	var decoded T
	value := reflect.ValueOf(&decoded).Elem()
	if value.Kind() == reflect.String {
		value.SetString(string(text)) // of a named type; YAML would take out quotes and comments
	} else {
		var document yaml.Node
		if err := yaml.Unmarshal(text, &document); err != nil || len(document.Content) == 0 {
			return errSecretText
		}
		if fault := decodeNode(document.Content[0], value); fault != nil {
			return errSecretText
		}
	}
	s.value = decoded
	return nil
}

// typeText is a type as users write it: they know Secret from package container,
// of which this package's is an alias.
func typeText(t reflect.Type) string { return userText(t.String()) }

func userText(name string) string {
	return strings.ReplaceAll(name, "config.Secret[", "container.Secret[")
}

// hidden gives the value to the code that checks config fields.
func (s Secret[T]) hidden() any { return s.value }

func (s Secret[T]) hiddenType() reflect.Type { return reflect.TypeFor[T]() }

// hider is a Secret of any type.
type hider interface {
	hidden() any
	hiddenType() reflect.Type
}

var (
	_ hider                    = Secret[string]{}
	_ fmt.Formatter            = Secret[string]{}
	_ slog.LogValuer           = Secret[string]{}
	_ json.Marshaler           = Secret[string]{}
	_ yaml.Marshaler           = Secret[string]{}
	_ encoding.TextUnmarshaler = (*Secret[string])(nil)
)

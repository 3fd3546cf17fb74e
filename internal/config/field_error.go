package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/internal/typename"
)

// FieldError says what is wrong with one field of a config, or with one element in
// the field.
type FieldError struct {
	// Path is the path of the field in a run config, as in
	// "resources.mail.config.accounts[1].password".
	Path string `json:"path"`
	// Line and Column say where the value stands in the text of the run config.
	// They are 0 if the value was not read from a text.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Value is the value that was given. It is "" if it may be a secret, and if
	// it is not a single value.
	Value string `json:"value,omitempty"`
	// Message says what is wrong.
	Message string `json:"message"`

	wrongKind bool // the node is of another kind of YAML than the type takes
	missing   bool // the field is required, and no value was given
	atLaunch  bool // it is missing, and only a launch can give it
	variable  bool // the fault is of a variable that a launch refers to
}

// Error returns the path, the place in the text, and the message. It does not
// contain the value.
func (f *FieldError) Error() string {
	place := ""
	if f.Line > 0 {
		place = fmt.Sprintf(" (line %d, column %d)", f.Line, f.Column)
	}
	return f.Path + place + ": " + f.Message
}

// LacksLaunch returns the path of a field if the error says that it has no value, and if
// only a launch can give one.
func LacksLaunch(err error) (path string, lacks bool) {
	var fault *FieldError
	if errors.As(err, &fault) && fault.atLaunch {
		return fault.Path, true
	}
	return "", false
}

// HideSecrets removes values from faults that contain the text of a secret. This
// happens if a secret was given to the wrong field.
func HideSecrets(faults []error, secrets []string) {
	for _, err := range faults {
		var fault *FieldError
		if errors.As(err, &fault) && slices.ContainsFunc(secrets, func(secret string) bool {
			return secret != "" && strings.Contains(fault.Value, secret)
		}) {
			fault.Value = ""
		}
	}
}

// faultOf finds the fault in an error, or makes one at a path.
func faultOf(err error, at string) *FieldError {
	var fault *FieldError
	if errors.As(err, &fault) {
		return fault
	}
	return &FieldError{Path: at, Message: err.Error()}
}

// errorsOf returns the faults as a slice of errors.
func errorsOf(faults []*FieldError) []error {
	errs := make([]error, len(faults))
	for i, fault := range faults {
		errs[i] = fault
	}
	return errs
}

// nameOfType returns a text for what a launch has to write for a Go type.
func nameOfType(t reflect.Type) string {
	if t.PkgPath() != "" {
		return "a " + typename.Of(t)
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number (" + t.String() + ")"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		if isBytes(t) {
			return "text, or {base64: TEXT}"
		}
		return "a list"
	case reflect.Map:
		return "a map"
	}
	return "a " + typename.Of(t)
}

func kindOfNode(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	}
	if !strings.HasPrefix(node.ShortTag(), "!!") {
		return "a value with a tag: put quotes around text that begins with an exclamation mark"
	}
	switch node.Tag {
	case "!!null":
		return "null"
	case "!!binary":
		return "a value with the tag !!binary that is not base64"
	case "!!str":
		return "text"
	case "!!bool":
		return "a boolean"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a time"
	}
	return "a value"
}

package iomanagers

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// jsonError is a fault at a place in a value.
type jsonError struct {
	path  []jsonStep
	kind  error // ErrType, ErrUnsupported or nil
	what  string
	cause error // may be nil
}

func (f *jsonError) Error() string {
	text := f.what
	if len(f.path) > 0 {
		text = "field " + jsonPath(f.path) + ": " + text
	}
	if f.kind != nil {
		text = f.kind.Error() + ": " + text
	}
	return text
}

func (f *jsonError) Unwrap() []error {
	var errs []error
	for _, err := range []error{f.kind, f.cause} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// decodingFault says what an error of the library means when it reads.
func decodingFault(err error) error {
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		f := &jsonError{path: jsonSteps(semantic.JSONPointer), kind: ErrType, cause: semantic.Err}
		f.what = fmt.Sprintf("%s does not fit in a Go %v", jsonWord(semantic), semantic.GoType)
		if semantic.Err != nil {
			f.what += ": " + semantic.Err.Error()
		}
		return f
	}
	return syntaxFault(err, nil)
}

// encodingFault says what an error of the library means when it writes.
func encodingFault(err error) error {
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return syntaxFault(err, ErrUnsupported)
	}
	f := &jsonError{path: jsonSteps(semantic.JSONPointer), cause: semantic.Err}
	f.kind = encodingKind(semantic)
	f.what = fmt.Sprintf("JSON can't hold the %v", semantic.GoType)
	if semantic.Err != nil {
		f.what += ": " + semantic.Err.Error()
	}
	return f
}

// encodingKind returns what an error matches: nothing if a method of the user returned it.
func encodingKind(e *json.SemanticError) error {
	if _, ok := errors.AsType[*jsontext.SyntacticError](e.Err); ok || e.GoType == nil {
		return ErrUnsupported
	}
	switch e.GoType.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return ErrType
	}
	if e.GoType == reflect.TypeFor[time.Time]() {
		return ErrUnsupported
	}
	pointer := reflect.PointerTo(e.GoType)
	for _, marshals := range []reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.MarshalerTo](), reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextAppender](),
	} {
		if pointer.Implements(marshals) {
			return nil
		}
	}
	return ErrUnsupported
}

// syntaxFault says where a text is not JSON; kind is what such an error matches.
func syntaxFault(err, kind error) error {
	syntactic, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return err
	}
	f := &jsonError{path: jsonSteps(syntactic.JSONPointer), kind: kind, cause: syntactic.Err, what: syntactic.Err.Error()}
	if errors.Is(syntactic.Err, io.ErrUnexpectedEOF) {
		f.what = "the text ends too early: " + f.what
	}
	if errors.Is(syntactic.Err, jsontext.ErrDuplicateName) {
		f.what = "an object names this field twice"
	}
	return f
}

// jsonWord says what stands in the text.
func jsonWord(e *json.SemanticError) string {
	word := ""
	switch e.JSONKind {
	case 'n':
		word = "null"
	case 't', 'f':
		word = "a boolean"
	case '"':
		word = "the string"
	case '0':
		word = "the number"
	case '{', '}':
		word = "an object"
	case '[', ']':
		word = "an array"
	default:
		word = "the value"
	}
	const longest = 100
	if len(e.JSONValue) > 0 && len(e.JSONValue) <= longest {
		word += " " + string(e.JSONValue)
	}
	return word
}

// jsonSteps takes a pointer of the library apart.
func jsonSteps(pointer jsontext.Pointer) []jsonStep {
	var steps []jsonStep
	for token := range pointer.Tokens() {
		if n, err := strconv.Atoi(token); err == nil && strings.Trim(token, "0123456789") == "" {
			steps = append(steps, jsonStep{index: n})
		} else {
			steps = append(steps, jsonStep{name: token})
		}
	}
	return steps
}

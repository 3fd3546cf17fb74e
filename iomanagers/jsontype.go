package iomanagers

import (
	"encoding"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// jsonType is what is known of a Go type as JSON.
type jsonType struct {
	shape   *jsonShape
	guard   *jsonGuard
	options json.Options
	// any and own say that there is an interface somewhere within, and a type with methods of
	// its own that is not of the standard library: nothing is known of what they write.
	any, own bool
}

// jsonShape is which texts fit a Go type.
type jsonShape struct {
	goType reflect.Type
	kind   jsonKind
	null   bool // null is a value

	element *jsonShape // of pointers, lists and maps
	fields  []jsonField
	byName  map[string]int
	open    bool // the struct has a field for all members without one
}

type jsonKind int

const (
	jsonPlain jsonKind = iota // of which only null is looked at
	jsonPointer
	jsonStruct
	jsonList
	jsonMap
	jsonAny
)

type jsonField struct {
	name     string
	index    []int
	optional bool
	shape    *jsonShape
}

// jsonTypeOf returns what is known of t, and an error that names all parts of it that would not
// come back.
func jsonTypeOf(t reflect.Type) (*jsonType, error) {
	if t == nil {
		return nil, fmt.Errorf("%w: nil has no type", ErrType)
	}
	a := jsonAnalysis{known: map[reflect.Type]*jsonShape{}}
	shape := a.of(t, t.String())
	if len(a.faults) > 0 {
		return nil, errors.Join(a.faults...)
	}
	return &jsonType{shape: shape, guard: jsonGuards{}.of(shape), options: jsonOptions(a.numbers), any: a.any, own: a.own}, nil
}

// isRows says that values are arrays of objects, which are written and read one by one.
func (t *jsonType) isRows() bool {
	_, ok := rowType(t.shape.goType)
	return ok && t.shape.kind == jsonList
}

// jsonOptions returns the rules of encoding/json/v2, but for what would make a difference of
// values: nil is not empty, and what the option omitempty leaves out comes back as it was.
func jsonOptions(numbers bool) json.Options {
	options := json.JoinOptions(
		json.DefaultOptionsV2(),
		json.Deterministic(true),
		json.FormatNilSliceAsNull(true),
		json.FormatNilMapAsNull(true),
		jsonv1.FormatByteArrayAsArray(true),
		jsonv1.FormatDurationAsNano(true),
		jsonv1.OmitEmptyWithLegacySemantics(true),
	)
	if numbers {
		options = json.JoinOptions(options,
			json.WithMarshalers(json.MarshalToFunc(writeNumber)), json.WithUnmarshalers(json.UnmarshalFromFunc(readNumber)))
	}
	return options
}

// writeNumber writes a number of encoding/json, which is a string to other packages.
func writeNumber(encoder *jsontext.Encoder, number stdjson.Number) error {
	if number == "" {
		number = "0"
	}
	value := jsontext.Value(number)
	if value.Kind() != '0' {
		return fmt.Errorf("%q is not a number", string(number))
	}
	return encoder.WriteValue(value)
}

func readNumber(decoder *jsontext.Decoder, number *stdjson.Number) error {
	kind := decoder.PeekKind()
	value, err := decoder.ReadValue()
	switch {
	case err != nil:
		return err
	case kind == '0':
		*number = stdjson.Number(value)
	case kind != 'n':
		return fmt.Errorf("%s is not a number", value)
	}
	return nil
}

// jsonAnalysis takes a type apart and gathers what is wrong with it.
type jsonAnalysis struct {
	known             map[reflect.Type]*jsonShape
	any, own, numbers bool
	faults            []error
}

func (a *jsonAnalysis) refuse(path, why string) {
	a.faults = append(a.faults, fmt.Errorf("%w: %s %s", ErrType, path, why))
}

// of returns the shape of values of type t, found at path.
func (a *jsonAnalysis) of(t reflect.Type, path string) *jsonShape {
	if known, ok := a.known[t]; ok {
		return known
	}
	s := &jsonShape{goType: t}
	a.known[t] = s
	if t.Kind() == reflect.Pointer {
		s.kind, s.null = jsonPointer, true // before what it points to, which may point back
		if s.element = a.of(t.Elem(), path); s.element.null {
			a.refuse(path, fmt.Sprintf("is a %v: null can't tell a nil pointer from a pointer to nil: declare a %v", t, t.Elem()))
		}
		return s
	}
	if t.Kind() != reflect.Interface && a.marshalsItself(s, path) {
		return s
	}
	switch t.Kind() {
	case reflect.Func:
		text := "is a func, which JSON can't hold"
		if t.CanSeq() || t.CanSeq2() {
			text += ": a stream of rows is an iter.Seq2[T, error] or a rows.Seq[T]"
		}
		a.refuse(path, text)
	case reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		a.refuse(path, "is a "+t.Kind().String()+", which JSON can't hold")
	case reflect.Interface:
		if t.NumMethod() > 0 {
			a.refuse(path, "is an interface with methods: nothing says what to decode it into")
		}
		s.kind, s.null, a.any = jsonAny, true, true
	case reflect.Slice, reflect.Array:
		s.null = t.Kind() == reflect.Slice
		if s.element = a.of(t.Elem(), path); t.Elem().Kind() != reflect.Uint8 {
			s.kind = jsonList
		}
	case reflect.Map:
		if !isJSONKey(t.Key()) {
			a.refuse(path, "has keys of type "+t.Key().String()+", JSON has only text")
		}
		s.kind, s.null = jsonMap, true // as above
		s.element = a.of(t.Elem(), path)
	case reflect.Struct:
		a.structOf(s, path)
	}
	return s
}

// marshalsItself says whether the type has methods that write and read it as JSON or text.
func (a *jsonAnalysis) marshalsItself(s *jsonShape, path string) bool {
	t := s.goType
	if t == reflect.TypeFor[stdjson.Number]() {
		a.numbers = true
		return true
	}
	can := func(interfaces ...reflect.Type) bool {
		for _, i := range interfaces {
			if reflect.PointerTo(t).Implements(i) {
				return true
			}
		}
		return false
	}
	writes := can(reflect.TypeFor[json.MarshalerTo](), reflect.TypeFor[json.Marshaler]())
	reads := can(reflect.TypeFor[json.UnmarshalerFrom](), reflect.TypeFor[json.Unmarshaler]())
	writesText := can(reflect.TypeFor[encoding.TextAppender](), reflect.TypeFor[encoding.TextMarshaler]())
	readsText := can(reflect.TypeFor[encoding.TextUnmarshaler]())
	switch {
	case writes && !reads:
		a.refuse(path, "has MarshalJSON but no UnmarshalJSON")
	case writesText && !readsText && !writes:
		a.refuse(path, "has MarshalText but no UnmarshalText")
	case reads && !writes && !writesText && jsonStored(t) == 0:
		a.refuse(path, "has UnmarshalJSON but no MarshalJSON")
	}
	if !writes && !reads && !writesText && !readsText {
		return false
	}
	a.own = a.own || !isStandard(t)
	s.null = reads && writesNull(t)
	return true
}

// isStandard says that t is of the standard library, so its methods can be called by several
// goroutines and give back what they wrote.
func isStandard(t reflect.Type) bool {
	first, _, _ := strings.Cut(t.PkgPath(), "/")
	return t == reflect.TypeFor[time.Time]() || first != "" && first != "main" && !strings.Contains(first, ".")
}

// writesNull says that null is what the zero value of t is written as, and so a value of it.
func writesNull(t reflect.Type) (null bool) {
	defer func() {
		if recover() != nil {
			null = false
		}
	}()
	text, err := json.Marshal(reflect.New(t).Interface())
	return err == nil && string(text) == "null"
}

func isJSONKey(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return true
	}
	return t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) &&
		reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

package config

import (
	"math"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
)

// fieldSchema returns the schema of the values that a launch may write for a
// field.
func (c *Definition) fieldSchema(field *Leaf, above []reflect.Type) *schema {
	value := field.constrained(c.shapes.schemaOf(field.typ, above))
	if field.mustBeGiven() {
		value.notEmpty()
	}
	value = orReference(value, field.typ)
	value.Description = field.desc
	value.WriteOnly = field.secret
	value.Default = c.schemaDefault(field)
	return value
}

// schemaDefault returns the value of the field without environment and launch,
// in the form that a launch is read from. It returns nil for secrets, for
// values with a password in them, and for values that JSON cannot express.
func (c *Definition) schemaDefault(field *Leaf) any {
	if field.secret {
		return nil
	}
	value, ok := fieldByIndex(c.value, field.index)
	if !ok || value.IsZero() {
		if field.text == "" {
			return nil
		}
		var err error
		if value, err = readTag(field.text, field.typ); err != nil {
			return nil
		}
	}
	return c.shapes.launchText(value)
}

// orReference returns the schema of a value of type t, or of a reference to a
// variable if the type allows one.
func orReference(value *schema, t reflect.Type) *schema {
	if !refers(t) {
		return value
	}
	return &schema{AnyOf: []*schema{value, {Ref: "#/$defs/" + variableDefinition}}}
}

// notEmpty refuses null and the empty text, because they count as not given.
func (s *schema) notEmpty() {
	s.Type = slices.DeleteFunc(s.Type, func(t string) bool { return t == "null" })
	s.AnyOf = slices.DeleteFunc(s.AnyOf, func(s *schema) bool { return slices.Equal(s.Type, jsonType{"null"}) })
	s.Enum = slices.DeleteFunc(s.Enum, func(value any) bool { return value == nil })
	if slices.Contains(s.Type, "string") && s.MinLength == nil {
		s.MinLength = new(1)
	}
}

// goDuration matches the texts that time.ParseDuration reads.
const goDuration = `^[-+]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`

// schemaOf returns the schema of the values that a launch may write for a type.
// above are the types around it. Where a type contains itself, the schema
// allows every value.
func (s *Shapes) schemaOf(t reflect.Type, above []reflect.Type) *schema {
	if slices.Contains(above, t) {
		return &schema{}
	}
	above = append(slices.Clone(above), t)
	if t.Kind() == reflect.Pointer {
		return s.schemaOf(t.Elem(), above).orNull()
	}
	if t == reflect.TypeFor[time.Duration]() {
		return &schema{AnyOf: []*schema{
			{Description: "a duration, as in 1m30s", Type: jsonType{"string"}, Pattern: goDuration}, {Enum: []any{0}},
		}}
	}
	if t == jsonNumberType {
		return &schema{AnyOf: []*schema{{Type: jsonType{"number"}}, {Type: jsonType{"string"}, Pattern: jsonNumberPattern}}}
	}
	if decodesText(t) {
		return textSchema(t)
	}
	switch t.Kind() {
	case reflect.Bool:
		return boolSchema()
	case reflect.String:
		return anyScalar()
	case reflect.Slice, reflect.Array:
		return s.listSchema(t, above)
	case reflect.Map:
		return s.mapSchema(t, above)
	case reflect.Struct:
		object := s.item(t).schema(nil, above)
		object.Type = jsonType{"object"}
		return object
	}
	return numberSchema(t)
}

// anyScalar is the schema of text. It allows 007 and true, which are read as
// they are written.
func anyScalar() *schema { return &schema{Type: jsonType{"string", "number", "boolean"}} }

// textSchema is the schema of types that read themselves from text.
func textSchema(t reflect.Type) *schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return &schema{Type: jsonType{"string"}, Format: "date-time"}
	case reflect.TypeFor[url.URL]():
		return &schema{Type: jsonType{"string"}, Format: "uri-reference"}
	}
	if !t.Implements(reflect.TypeFor[hider]()) {
		return anyScalar()
	}
	switch bare := bareType(t); {
	case isNumber(bare) && bare != reflect.TypeFor[time.Duration]():
		number := numberSchema(bare)
		return &schema{AnyOf: []*schema{number, {Type: jsonType{"string"}, Pattern: `^[-+]?[0-9.]`}}}
	case bare.Kind() == reflect.Bool && !decodesText(bare):
		return &schema{Type: jsonType{"boolean", "string"}}
	}
	return anyScalar()
}

// boolSchema is the schema of the words that readBool knows.
func boolSchema() *schema {
	var words []string
	for _, boolean := range booleans {
		words = append(words, spellings(boolean.word)...)
	}
	return &schema{AnyOf: []*schema{
		{Type: jsonType{"boolean"}}, {Enum: []any{0, 1}}, {Type: jsonType{"string"}, Pattern: "^(" + strings.Join(words, "|") + ")$"},
	}}
}

// bytesSchema is the schema of bytes, which are written as text or as base64.
func bytesSchema() *schema {
	return &schema{AnyOf: []*schema{anyScalar(), {
		Description: "bytes that are no text", Type: jsonType{"object"},
		Properties: map[string]*schema{base64Key: {Type: jsonType{"string"}, Pattern: `^[A-Za-z0-9+/]*={0,2}$`}},
		Required:   []string{base64Key}, AdditionalProperties: false,
	}}}
}

func (s *Shapes) listSchema(t reflect.Type, above []reflect.Type) *schema {
	if isBytes(t) {
		return bytesSchema()
	}
	list := &schema{Type: jsonType{"array"}, Items: orReference(s.schemaOf(t.Elem(), above), t.Elem())}
	if t.Kind() == reflect.Array {
		list.MinItems, list.MaxItems = new(t.Len()), new(t.Len())
	}
	return list
}

// mapSchema is the schema of maps. A map whose only key is env is written as
// text.
func (s *Shapes) mapSchema(t reflect.Type, above []reflect.Type) *schema {
	entries := &schema{
		Type: jsonType{"object"}, PropertyNames: keySchema(t.Key()),
		AdditionalProperties: orReference(s.schemaOf(t.Elem(), above), t.Elem()),
	}
	if !takesText(t.Key()) || !takesText(t.Elem()) {
		return entries
	}
	return &schema{AnyOf: []*schema{entries, {Type: jsonType{"string"}, Pattern: `^env:[A-Z_][A-Z0-9_]*$`}}}
}

// keySchema is the schema of the keys of a map, which are text in JSON.
func keySchema(t reflect.Type) *schema {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return &schema{Pattern: goDuration}
	case t.Kind() == reflect.Bool:
		return boolSchema().AnyOf[2]
	case isNumber(t) && t.Kind() < reflect.Float32:
		return &schema{Pattern: `^\s*[-+]?[0-9]`}
	}
	return nil
}

// numberSchema is the schema of numbers, with the limits of the type.
func numberSchema(t reflect.Type) *schema {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		limit := int64(1) << (t.Bits() - 1)
		return &schema{Type: jsonType{"integer"}, Minimum: -limit, Maximum: limit - 1}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &schema{Type: jsonType{"integer"}, Minimum: 0, Maximum: uint64(math.MaxUint64) >> (64 - t.Bits())}
	case reflect.Float32:
		return &schema{Type: jsonType{"number"}, Minimum: -math.MaxFloat32, Maximum: math.MaxFloat32}
	}
	return &schema{Type: jsonType{"number"}}
}

func (s *schema) orNull() *schema {
	if len(s.Type) == 0 && len(s.AnyOf) == 0 { // every value is allowed
		return s
	}
	if len(s.AnyOf) > 0 {
		s.AnyOf = append(s.AnyOf, &schema{Type: jsonType{"null"}})
		return s
	}
	if !slices.Contains(s.Type, "null") {
		s.Type = append(s.Type, "null")
	}
	return s
}

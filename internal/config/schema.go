package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// schema is a JSON Schema, as far as run configs need it.
type schema struct {
	Draft       string   `json:"$schema,omitempty"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Comment     string   `json:"$comment,omitempty"`
	Ref         string   `json:"$ref,omitempty"`
	Type        jsonType `json:"type,omitempty"`
	Format      string   `json:"format,omitempty"`
	Enum        []any    `json:"enum,omitempty"`
	Minimum     any      `json:"minimum,omitempty"`
	Maximum     any      `json:"maximum,omitempty"`
	MinLength   *int     `json:"minLength,omitempty"`
	MaxLength   *int     `json:"maxLength,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`

	Items    *schema `json:"items,omitempty"`
	MinItems *int    `json:"minItems,omitempty"`
	MaxItems *int    `json:"maxItems,omitempty"`

	Properties           map[string]*schema `json:"properties,omitempty"`
	PropertyNames        *schema            `json:"propertyNames,omitempty"`
	AdditionalProperties any                `json:"additionalProperties,omitempty"` // false or a *schema
	Required             []string           `json:"required,omitempty"`
	MinProperties        *int               `json:"minProperties,omitempty"`
	MaxProperties        *int               `json:"maxProperties,omitempty"`

	AnyOf       []*schema          `json:"anyOf,omitempty"`
	Not         *schema            `json:"not,omitempty"`
	Default     any                `json:"default,omitempty"`
	WriteOnly   bool               `json:"writeOnly,omitempty"`
	Definitions map[string]*schema `json:"$defs,omitempty"`
}

// jsonType is one type or several.
type jsonType []string

// MarshalJSON writes a single type without brackets.
func (t jsonType) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// variableDefinition is where the schema of {env: NAME} stands.
const variableDefinition = "env"

// Schema builds the JSON Schema of a run config, one resource or step
// after another.
type Schema struct{ resources, steps *schema }

// NewSchema returns a schema without resources and steps.
func NewSchema() *Schema { return &Schema{resources: section()} }

// AddResource adds a resource. A needed one has to give what must be given at
// launch.
func (s *Schema) AddResource(key, description string, definition *Definition, needed bool) {
	s.resources.addConfig(key, definition, needed).Description = description
}

// AddStep adds a step, as addResource does.
func (s *Schema) AddStep(key string, definition *Definition, needed bool) {
	s.stepsSection().addConfig(key, definition, needed)
}

// RefuseStep allows nothing under a step's key, and says why.
func (s *Schema) RefuseStep(key, why string) {
	s.stepsSection().Properties[key] = &schema{Description: why, Not: new(schema)}
}

func (s *Schema) stepsSection() *schema {
	if s.steps == nil {
		s.steps = section()
	}
	return s.steps
}

// JSON returns the whole schema as JSON.
func (s *Schema) JSON() (json.RawMessage, error) {
	root := section()
	root.Draft, root.Title = "https://json-schema.org/draft/2020-12/schema", "Run config"
	root.Properties["resources"] = s.resources
	if s.steps != nil {
		root.Properties["steps"] = s.steps
	}
	for _, name := range []string{"resources", "steps"} {
		if root.Properties[name] != nil && len(root.Properties[name].Required) > 0 {
			root.require(name)
		}
	}
	root.Definitions = map[string]*schema{variableDefinition: variableSchema()}
	text, err := plainJSON(root)
	if err != nil {
		return nil, fmt.Errorf("describing the run config: %w", err)
	}
	return text, nil
}

// addConfig adds the config of one resource or step. A needed one has to give
// what must be given at launch.
func (s *schema) addConfig(key string, definition *Definition, needed bool) *schema {
	config := definition.schema()
	entry := section()
	entry.Properties["config"] = config
	s.Properties[key] = entry
	if len(config.Required) > 0 && needed {
		entry.require("config")
		s.require(key)
	}
	return entry
}

// plainJSON writes < and > as they are.
func plainJSON(value any) (json.RawMessage, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(text.Bytes()), nil
}

// section is an object of known names. Where its entries are all comments,
// YAML has null.
func section() *schema {
	return &schema{Type: jsonType{"object", "null"}, Properties: make(map[string]*schema), AdditionalProperties: false}
}

// require asks for a name: null will not do then.
func (s *schema) require(name string) {
	s.Type = jsonType{"object"}
	if !slices.Contains(s.Required, name) {
		s.Required = append(s.Required, name)
	}
}

func variableSchema() *schema {
	return &schema{
		Title: "the value of an environment variable", Type: jsonType{"object"},
		Properties: map[string]*schema{"env": {Type: jsonType{"string"}, Pattern: variableName.String()}},
		Required:   []string{"env"}, AdditionalProperties: false,
	}
}

// schema is that of the config, nested structs as sections.
func (c *Definition) schema() *schema {
	root := section()
	for i := range c.fields {
		field := &c.fields[i]
		names := strings.Split(field.path, ".")
		at, name := root, names[len(names)-1]
		for _, outer := range names[:len(names)-1] {
			if at.Properties[outer] == nil {
				at.Properties[outer] = section()
			}
			if field.atLaunch {
				at.require(outer)
			}
			at = at.Properties[outer]
		}
		if field.atLaunch {
			at.require(name)
		}
		if !field.fixed {
			at.Properties[name] = c.fieldSchema(field)
		}
	}
	return root
}

// fieldSchema is what a launch may write for a field.
func (c *Definition) fieldSchema(field *Leaf) *schema {
	value := field.constrained(schemaOf(field.typ, nil))
	if !readableFromText(field.typ) || field.typ.Kind() == reflect.Map { // see variableReference
		value.Description = field.desc
	} else {
		value = &schema{Description: field.desc, AnyOf: []*schema{value, {Ref: "#/$defs/" + variableDefinition}}}
	}
	value.WriteOnly = field.secret
	value.Default = c.schemaDefault(field)
	return value
}

// schemaDefault is what the field is without environment and launch, in the
// form that a launch is read from; nil for secrets, for what has a password in
// it, and for what JSON can't express.
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
		if value, err = field.decodeDefault(); err != nil {
			return nil
		}
	}
	return launchText(value)
}

// launchText is a value as JSON that a launch could have; nil where there is
// none that may be shown.
func launchText(value reflect.Value) any {
	text, err := plainJSON(jsonable(value, asText))
	shown, errShown := plainJSON(jsonable(value, shownText))
	if err != nil || errShown != nil || !bytes.Equal(text, shown) {
		return nil
	}
	return text
}

// goDuration is what time.ParseDuration reads.
const goDuration = `^[-+]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`

// schemaOf says what decodeNode reads into a type. above are the types around
// it: one that contains itself may be anything there.
func schemaOf(t reflect.Type, above []reflect.Type) *schema {
	if slices.Contains(above, t) {
		return &schema{}
	}
	above = append(slices.Clone(above), t)
	if t.Kind() == reflect.Pointer {
		return schemaOf(t.Elem(), above).orNull()
	}
	if t == reflect.TypeFor[time.Duration]() {
		return &schema{AnyOf: []*schema{
			{Description: "a duration, as in 1m30s", Type: jsonType{"string"}, Pattern: goDuration}, {Enum: []any{0}},
		}}
	}
	if decodesText(t) {
		return textSchema(t)
	}
	switch t.Kind() {
	case reflect.Bool:
		return &schema{Type: jsonType{"boolean"}}
	case reflect.String:
		return anyScalar()
	case reflect.Slice, reflect.Array:
		return listSchema(t, above)
	case reflect.Map:
		return &schema{Type: jsonType{"object"}, PropertyNames: keySchema(t.Key()), AdditionalProperties: schemaOf(t.Elem(), above)}
	case reflect.Struct:
		return structSchema(t, above)
	}
	return numberSchema(t)
}

// anyScalar is for text: 007 and true are read as they are written.
func anyScalar() *schema { return &schema{Type: jsonType{"string", "number", "boolean"}} }

// textSchema is for types that read themselves from text.
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

func listSchema(t reflect.Type, above []reflect.Type) *schema {
	if t.Elem().Kind() == reflect.Uint8 && t.Kind() == reflect.Slice {
		return anyScalar()
	}
	list := &schema{Type: jsonType{"array"}, Items: schemaOf(t.Elem(), above)}
	if t.Kind() == reflect.Array {
		list.MinItems, list.MaxItems = new(t.Len()), new(t.Len())
	}
	return list
}

// keySchema is for the keys of a map, which in JSON are text.
func keySchema(t reflect.Type) *schema {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return &schema{Pattern: goDuration}
	case isNumber(t) && t.Kind() < reflect.Float32:
		return &schema{Pattern: `^[-+]?[0-9]`}
	}
	return nil
}

func structSchema(t reflect.Type, above []reflect.Type) *schema {
	object := &schema{Type: jsonType{"object"}, Properties: make(map[string]*schema), AdditionalProperties: false}
	for field := range t.Fields() {
		if field.IsExported() && !isTrue(field.Tag.Get("ignored")) {
			object.Properties[launchName(field)] = schemaOf(field.Type, above).described(field.Tag.Get("desc"))
		}
	}
	return object
}

func (s *schema) described(text string) *schema {
	if text != "" {
		s.Description = text
	}
	return s
}

// numberSchema has the limits of the type.
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
	if len(s.Type) == 0 && len(s.AnyOf) == 0 { // anything
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

// constrained adds what the tags allow to the schema of the field's type.
func (f *Leaf) constrained(s *schema) *schema {
	t := bareType(f.typ)
	if len(f.enum) > 0 && !f.secret {
		return f.enumSchema(s)
	}
	target := s
	if len(s.AnyOf) > 0 {
		target = s.AnyOf[0]
	}
	switch f.unit {
	case "characters":
		f.constrainText(s)
	case "items":
		s.MinItems, s.MaxItems = tighter(f.min, s.MinItems), tighter(f.max, s.MaxItems)
	case "entries":
		s.MinProperties, s.MaxProperties = tighter(f.min, nil), tighter(f.max, nil)
	case "":
		if t == reflect.TypeFor[time.Duration]() {
			break // a schema can't compare them
		}
		if f.min.value.IsValid() {
			target.Minimum = f.min.value.Interface()
		}
		if f.max.value.IsValid() {
			target.Maximum = f.max.value.Interface()
		}
	}
	if comment := f.comment(t); comment != "" {
		s.Comment = comment
	}
	return s
}

// comment is what a schema can't say.
func (f *Leaf) comment(t reflect.Type) string {
	var texts []string
	if t == reflect.TypeFor[time.Duration]() || f.unit == "bytes" {
		if f.min.text != "" {
			texts = append(texts, "must "+f.phrase("at least", f.min))
		}
		if f.max.text != "" {
			texts = append(texts, "must "+f.phrase("at most", f.max))
		}
	}
	if f.pattern != nil && ofGoAlone.MatchString(f.pattern.String()) {
		texts = append(texts, "must match, in Go's syntax, "+f.pattern.String())
	}
	return strings.Join(texts, "; ")
}

func tighter(b bound, otherwise *int) *int {
	if !b.value.IsValid() {
		return otherwise
	}
	return new(int(b.value.Int()))
}

// ofGoAlone finds what a pattern may not have to mean the same in ECMAScript,
// whose expressions schemas have.
var ofGoAlone = regexp.MustCompile(`\(\?[^:]|\\[AaCEpPQz]|\[\[:|\\x\{`)

// constrainText bounds text, which then has to be written as text.
func (f *Leaf) constrainText(s *schema) {
	if f.pattern == nil && f.min.text == "" && f.max.text == "" {
		return
	}
	s.Type = slices.DeleteFunc(s.Type, func(t string) bool { return t == "number" || t == "boolean" })
	s.MinLength, s.MaxLength = tighter(f.min, nil), tighter(f.max, nil)
	if f.pattern != nil && !ofGoAlone.MatchString(f.pattern.String()) {
		s.Pattern = f.pattern.String()
	}
}

// enumSchema lists the allowed values in place of everything else.
func (f *Leaf) enumSchema(s *schema) *schema {
	t := bareType(f.typ)
	asText := t.Kind() == reflect.String || decodesText(t)
	list := &schema{Format: s.Format}
	for i, text := range f.texts {
		switch {
		case t == reflect.TypeFor[time.Duration]():
			list.Enum = append(list.Enum, text)
		case !asText:
			list.Enum = append(list.Enum, f.enum[i].Interface())
		default:
			list.Enum = append(list.Enum, text)
			if isJSONScalar(text) { // unquoted it is the same text
				list.Enum = append(list.Enum, json.RawMessage(text))
			}
		}
	}
	if f.typ.Kind() == reflect.Pointer {
		list.Enum = append(list.Enum, nil)
	}
	return list
}

// isJSONScalar reports whether text is how JSON writes a number or a boolean.
func isJSONScalar(text string) bool {
	if text == "true" || text == "false" {
		return true
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return false
	}
	written, err := json.Marshal(number)
	return err == nil && string(written) == text
}

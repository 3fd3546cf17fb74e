package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
)

// Resolved is a config for one launch.
type Resolved struct {
	Value   reflect.Value // the config struct
	origins []origin      // one for each field
}

// origin is where a field's value comes from.
type origin struct {
	source   Source
	variable string
	// unreadable says that the layer's value is not of the field's type, and
	// refused that it is, but not allowed.
	unreadable, refused bool
}

// Resolve lays the layers over each other: default, code, environment, launch.
// It reads the environment now, and reports everything that is missing or
// can't be read, each with its path below at.
func (c *Definition) Resolve(at string, launch LaunchValues) (Resolved, []error) {
	config := reflect.New(c.value.Type()).Elem()
	config.Set(c.value)
	origins := make([]origin, len(c.fields))
	var faults []error
	whole := true
	for i := range c.fields {
		field := &c.fields[i]
		value, from, err := c.layer(field, launch)
		origins[i] = from
		whole = whole && from.source != SourceMissing && !from.refused
		if err != nil {
			faults = append(faults, fault.Errorf("%s: %w", joinPath(at, field.path), err))
			origins[i].unreadable = !value.IsValid()
		}
		if value.IsValid() {
			setByIndex(config, field.index, value)
		}
	}
	if len(faults) == 0 && whole {
		if err := validate(config); err != nil {
			faults = append(faults, fault.Errorf("%s: %w", at, err))
		}
	}
	return Resolved{Value: config, origins: origins}, faults
}

// layer finds a field's value; the zero reflect.Value leaves the field alone.
func (c *Definition) layer(field *Leaf, launch LaunchValues) (reflect.Value, origin, error) {
	if given, ok := launch[field.path]; ok {
		value, from, err := launched(field, given)
		if empty := emptiness(given.node, value); err == nil && empty != "" && field.mustBeGiven() {
			from.source = SourceMissing
			err = errors.New("missing: the launch gives " + empty)
		}
		return value, from, err
	}
	if field.atLaunch {
		return reflect.Value{}, origin{source: SourceMissing}, errors.New("missing: it must be given at launch")
	}
	name, isSet := field.variable()
	from := origin{source: SourceMissing, variable: name}
	if isSet {
		from.source = SourceEnv
		if field.required && os.Getenv(name) == "" {
			from.source = SourceMissing
			return reflect.Value{}, from, fmt.Errorf("missing: the environment variable %s is set, but empty", name)
		}
		value, err := field.decodeNamedVariable(name)
		if err != nil {
			return value, from, fmt.Errorf("the environment variable %s is %w", name, err)
		}
		if must := field.violation(value); must != "" {
			from.refused = true
			err = fmt.Errorf("the environment variable %s must %s", name, must)
		}
		return value, from, err
	}
	inCode, ok := fieldByIndex(c.value, field.index)
	if ok && !inCode.IsZero() {
		from.source = SourceCode
		return clone(inCode), from, nil
	}
	if field.text != "" {
		from.source = SourceDefault
		value, err := field.decodeDefault()
		return value, from, err
	}
	if field.required {
		return reflect.Value{}, from, missing(field, name)
	}
	from.source = SourceZero
	return inCode, from, nil // invalid below a nil pointer, which stays nil
}

// mustBeGiven reports whether a launch may not leave the field empty.
func (f *Leaf) mustBeGiven() bool { return f.required || f.atLaunch }

// emptiness says what a launch gave where it is as good as nothing, as in
// --set path=$UNSET in a shell; "" where it is a value. The type makes no
// difference: a Secret or a type that reads itself from text may well take "".
func emptiness(node *yaml.Node, value reflect.Value) string {
	if !value.IsValid() {
		return ""
	}
	bare, ok := bareValue(value)
	switch {
	case !ok:
		return "null"
	case node != nil && node.Kind == yaml.ScalarNode && node.Value == "",
		bare.Kind() == reflect.String && bare.Len() == 0,
		unitOf(bare.Type()) == "bytes" && bare.Len() == 0:
		return "an empty text"
	}
	return ""
}

// missing tells the ways to give a field its value.
func missing(field *Leaf, variable string) error {
	switch {
	case variable != "" && field.fixed:
		return fmt.Errorf("missing: set the environment variable %s", variable)
	case variable != "":
		return fmt.Errorf("missing: set the environment variable %s, or give it at launch", variable)
	case field.fixed:
		return errors.New("missing: set it in code")
	}
	return errors.New("missing: set it in code, or give it at launch")
}

// launched is the value that a launch gave.
func launched(field *Leaf, given launchValue) (reflect.Value, origin, error) {
	from := origin{source: SourceLaunch, refused: given.refused}
	if given.broken {
		from.source = SourceMissing
		return reflect.Value{}, from, nil
	}
	if given.node == nil {
		return clone(given.value), from, nil
	}
	if name, ok := variableReference(field.typ, given.node); ok {
		from.variable = name
		if _, isSet := os.LookupEnv(name); !isSet {
			from.source = SourceMissing
			return reflect.Value{}, from, fmt.Errorf("missing: the environment variable %s, which the launch refers to, is not set", name)
		}
		if field.mustBeGiven() && os.Getenv(name) == "" {
			from.source = SourceMissing
			return reflect.Value{}, from, fmt.Errorf("missing: the environment variable %s, which the launch refers to, is set, but empty", name)
		}
		value, err := field.decodeNamedVariable(name)
		if err != nil {
			return value, from, fmt.Errorf("the environment variable %s, which the launch refers to, is %w", name, err)
		}
		if must := field.violation(value); must != "" {
			from.refused = true
			err = fmt.Errorf("the environment variable %s, which the launch refers to, must %s", name, must)
		}
		return value, from, err
	}
	value := reflect.New(field.typ).Elem()
	if fault := decodeNode(given.node, value); fault != nil {
		return reflect.Value{}, from, errors.New(fault.text)
	}
	return value, from, nil
}

// setByIndex sets a field, through copies of the structs that pointers lead
// to: the struct in code is shared by all children.
func setByIndex(config reflect.Value, index []int, value reflect.Value) {
	for _, at := range index[:len(index)-1] {
		config = config.Field(at)
		if config.Kind() == reflect.Pointer {
			fresh := reflect.New(config.Type().Elem())
			if !config.IsNil() {
				fresh.Elem().Set(config.Elem())
			}
			config.Set(fresh)
			config = fresh.Elem()
		}
	}
	config.Field(index[len(index)-1]).Set(value)
}

// validate calls the struct's own Validate, if it has one.
func validate(config reflect.Value) (err error) {
	validator, ok := config.Addr().Interface().(interface{ Validate() error })
	if !ok {
		return nil
	}
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("its Validate panicked: %w", panics.Recovered(recovered))
		}
	}()
	return validator.Validate()
}

// Describe renders a resolved config for people.
func (c *Definition) Describe(config Resolved) []Field {
	fields := make([]Field, len(c.fields))
	for i := range c.fields {
		field := &c.fields[i]
		fields[i] = Field{
			Path: field.path, GoName: field.goName, Type: typeText(field.typ), Description: field.desc,
			Source: config.origins[i].source, Variable: config.origins[i].variable,
			Secret: field.secret, Required: field.required || field.atLaunch, AtLaunch: field.atLaunch, Fixed: field.fixed,
			Default: field.shownDefault(), Min: field.min.text, Max: field.max.text,
		}
		if !field.secret {
			fields[i].Enum = slices.Clone(field.texts)
		}
		if field.pattern != nil {
			fields[i].Pattern = field.pattern.String()
		}
		if config.origins[i].unreadable {
			continue
		}
		if value, ok := fieldByIndex(config.Value, field.index); ok && fields[i].Source != SourceMissing {
			fields[i].Value = show(value, field.secret)
		}
	}
	return fields
}

// shownDefault is the default tag, as far as it may be shown.
func (f *Leaf) shownDefault() string {
	if f.text == "" {
		return ""
	}
	if f.secret {
		return Masked
	}
	value, err := f.decodeDefault()
	if err != nil {
		return ""
	}
	if holdsPassword(value) {
		return show(value, false)
	}
	return f.text
}

// show renders a value as text: scalars bare, the rest as JSON, secrets masked.
func show(value reflect.Value, secret bool) string {
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return ""
		}
	}
	if secret {
		return Masked
	}
	if text, ok := redacted(value); ok { // a URL: without its password
		return redact(text)
	}
	if text, ok := value.Interface().(fmt.Stringer); ok {
		return redact(text.String())
	}
	for value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	switch value.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Map, reflect.Array:
		if value.Kind() != reflect.Array && value.Kind() != reflect.Struct && value.IsNil() {
			return ""
		}
		text, err := json.Marshal(jsonable(value, shownText))
		if err != nil {
			return value.Type().String()
		}
		return string(text)
	}
	return redact(fmt.Sprint(value.Interface()))
}

// Copy copies a resolved config: whoever gets it may change what its fields
// hold.
func (c *Definition) Copy(config Resolved) reflect.Value {
	copied := reflect.New(config.Value.Type()).Elem()
	copied.Set(config.Value)
	for i := range c.fields {
		if value, ok := fieldByIndex(config.Value, c.fields[i].index); ok {
			setByIndex(copied, c.fields[i].index, clone(value))
		}
	}
	return copied
}

package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/internal/typename"
)

// Describe returns a resolved config as text for people.
func (c *Definition) Describe(config Resolved) []Field {
	fields := make([]Field, len(c.fields))
	for i := range c.fields {
		field := &c.fields[i]
		fields[i] = Field{
			Path: field.path, GoName: field.goName, Type: typename.Of(field.typ), Description: field.desc,
			Source: config.origins[i].source, Variable: config.origins[i].variable, GivenBy: config.origins[i].givenBy,
			Secret: field.secret, Required: field.required || field.atLaunch, AtLaunch: field.atLaunch, Fixed: field.fixed,
			Warning: field.warning, Default: c.shapes.shownDefault(field), Min: field.min.text, Max: field.max.text,
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
		if shown := config.origins[i].shown; shown != nil && !field.secret {
			if text, err := json.Marshal(shown); err == nil {
				fields[i].Value = string(text)
			}
			continue
		}
		if value, ok := fieldByIndex(config.Value, field.index); ok && fields[i].Source != SourceMissing {
			fields[i].Value = c.shapes.show(value, field.secret)
		}
	}
	return fields
}

// shownDefault returns the default tag, without what must not be shown.
func (s *Shapes) shownDefault(f *Leaf) string {
	if f.text == "" {
		return ""
	}
	if f.secret {
		return Masked
	}
	value, err := readTag(f.text, f.typ)
	if err != nil {
		return ""
	}
	if s.holdsPassword(value) {
		return s.show(value, false)
	}
	return f.text
}

// show returns a value as text: single values as they are, all others as JSON,
// and secrets masked.
func (s *Shapes) show(value reflect.Value, secret bool) string {
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return ""
		}
	}
	if secret {
		return Masked
	}
	if text, ok := redacted(value); ok { // a URL is shown without its password
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
		text, err := json.Marshal(s.jsonable(value, shownText))
		if err != nil {
			return typename.Of(value.Type())
		}
		return string(text)
	}
	return redact(fmt.Sprint(value.Interface()))
}

// Copy copies a resolved config, so that the receiver may change the values in
// its fields.
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

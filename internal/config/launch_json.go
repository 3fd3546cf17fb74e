package config

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// LaunchDocument is a run config that may be stored and shown: the literals of
// secret fields are left out, and so are values with a password in them, such as
// a URL's; {env: NAME} references are kept.
type LaunchDocument struct {
	Resources launchSections `json:"resources,omitempty"`
	Steps     launchSections `json:"steps,omitempty"`
}

type launchSection struct {
	Config map[string]any `json:"config"`
}

// NewLaunchDocument returns a document that says nothing yet.
func NewLaunchDocument() LaunchDocument {
	return LaunchDocument{Resources: make(map[string]launchSection), Steps: make(map[string]launchSection)}
}

// AddResource adds what a launch gives for a resource's config.
func (d LaunchDocument) AddResource(key string, definition *Definition, given LaunchValues) {
	d.Resources.add(key, definition, given)
}

// AddStep adds what a launch gives for a step's config.
func (d LaunchDocument) AddStep(key string, definition *Definition, given LaunchValues) {
	d.Steps.add(key, definition, given)
}

// JSON returns the JSON.
func (d LaunchDocument) JSON() (json.RawMessage, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("rendering the run config: %w", err)
	}
	return text, nil
}

type launchSections map[string]launchSection

func (s launchSections) add(key string, definition *Definition, given LaunchValues) {
	if fields := given.shown(definition); len(fields) > 0 {
		s[key] = launchSection{fields}
	}
}

// shown are the fields that were given, as far as they may be shown.
func (values LaunchValues) shown(config *Definition) map[string]any {
	fields := make(map[string]any)
	for i := range config.fields {
		field := &config.fields[i]
		given, ok := values[field.path]
		if !ok {
			continue
		}
		if shown, ok := given.shown(field); ok {
			setPath(fields, field.path, shown)
		}
	}
	return fields
}

// shown returns what may be shown of a value given at launch.
func (v launchValue) shown(field *Leaf) (any, bool) {
	if v.node == nil {
		if field.secret || !v.value.IsValid() || holdsPassword(v.value) {
			return nil, false
		}
		return jsonable(v.value, asText), true
	}
	if name, ok := variableReference(field.typ, v.node); ok {
		return map[string]string{"env": name}, true
	}
	if field.secret {
		return nil, false
	}
	value := reflect.New(field.typ).Elem()
	if fault := decodeNode(v.node, value); fault != nil || holdsPassword(value) {
		return nil, false
	}
	return jsonable(value, asText), true
}

// jsonable returns a config value in the form that a launch is read from: what
// reads itself from text as text, a duration as 5s and not as nanoseconds,
// bytes as text, structs with their launch names. text is [asText] or
// [shownText].
func jsonable(value reflect.Value, text func(reflect.Value) (string, bool)) any {
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return nil
		}
		if text, ok := text(value); ok {
			return text
		}
		return jsonable(value.Elem(), text)
	}
	if text, ok := text(value); ok {
		return text
	}
	switch value.Kind() {
	case reflect.Slice, reflect.Array:
		list := make([]any, value.Len())
		for i := range list {
			list[i] = jsonable(value.Index(i), text)
		}
		return list
	case reflect.Map:
		entries := make(map[string]any, value.Len())
		for entry := value.MapRange(); entry.Next(); {
			entries[fmt.Sprint(jsonable(entry.Key(), text))] = jsonable(entry.Value(), text)
		}
		return entries
	case reflect.Struct:
		fields := make(map[string]any)
		for i := range value.NumField() {
			if field := value.Type().Field(i); field.IsExported() && !isTrue(field.Tag.Get("ignored")) {
				fields[launchName(field)] = jsonable(value.Field(i), text)
			}
		}
		return fields
	}
	return value.Interface()
}

// asText returns the text that a value is read from again.
func asText(value reflect.Value) (string, bool) {
	switch v := value.Interface().(type) {
	case time.Duration:
		return v.String(), true
	case []byte:
		return string(v), true
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		return string(text), err == nil
	}
	if t := value.Type(); decodesText(t) || t.Kind() == reflect.Pointer && decodesText(t.Elem()) {
		switch v := addressed(value).(type) {
		case encoding.TextMarshaler:
			text, err := v.MarshalText()
			return string(text), err == nil
		case fmt.Stringer:
			return v.String(), true
		}
	}
	return "", false
}

// shownText is asText for people: without the password of a URL or of a
// connection string.
func shownText(value reflect.Value) (string, bool) {
	if text, ok := redacted(value); ok {
		return redact(text), true
	}
	text, ok := asText(value)
	if !ok && value.Kind() == reflect.String {
		text, ok = value.String(), true
	}
	return redact(text), ok
}

// setPath sets a dotted path in nested maps.
func setPath(fields map[string]any, path string, value any) {
	section, name, nested := cutLast(path)
	if !nested {
		fields[name] = value
		return
	}
	inner, ok := lookPath(fields, section)
	if !ok {
		inner = make(map[string]any)
		setPath(fields, section, inner)
	}
	inner[name] = value
}

func lookPath(fields map[string]any, path string) (map[string]any, bool) {
	section, name, nested := cutLast(path)
	if nested {
		outer, ok := lookPath(fields, section)
		if !ok {
			return nil, false
		}
		fields = outer
	}
	inner, ok := fields[name].(map[string]any)
	return inner, ok
}

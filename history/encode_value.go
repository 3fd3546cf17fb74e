package history

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
	"time"
)

// encodeValue returns a value as JSON. The methods of a value are the code of
// users. If such a method panics or ends the goroutine, a text that says so is
// recorded in place of the value.
func encodeValue(value any) ([]byte, error) {
	switch value.(type) {
	case nil, bool, string, int, int64, uint64, json.Number:
		return json.Marshal(value)
	}
	encoded := make(chan json.RawMessage, 1)
	go func() {
		text := text("ending the goroutine while encoding a %T", value)
		defer func() {
			if recovered := recover(); recovered != nil {
				text = panicText(value, recovered)
			}
			encoded <- text
		}()
		text = encode(value, 0)
	}()
	return <-encoded, nil
}

func text(format string, args ...any) json.RawMessage {
	encoded, err := json.Marshal(fmt.Sprintf(format, args...))
	if err != nil { // cannot happen, since every text can be written
		return json.RawMessage("null")
	}
	return encoded
}

func panicText(value, recovered any) json.RawMessage {
	if err := CheckValue(recovered); err != nil {
		recovered = err
	}
	return text("panic while encoding a %T: %v", value, recovered)
}

// encode writes a value that is depth levels deep in another value.
func encode(value any, depth int) json.RawMessage {
	unchecked := depth == 0
	switch logged := value.(type) {
	case slog.Value:
		value, unchecked = logged.Resolve().Any(), true
	case slog.LogValuer:
		value, unchecked = slog.AnyValue(logged).Resolve().Any(), true
	}
	if unchecked {
		if err := checkValue(reflect.ValueOf(value), depth, false); err != nil {
			return text("not recorded: %v", err)
		}
	}
	switch known := value.(type) {
	case time.Duration:
		return text("%s", known)
	case []slog.Attr:
		attrs := make(Attrs, len(known))
		for i, attr := range known {
			attrs[i] = Attr{attr.Key, attr.Value}
		}
		return encodeAttrs(attrs, depth)
	case Attrs:
		return encodeAttrs(known, depth)
	case Values:
		return encodeParts(map[string]any(known), depth)
	case json.Marshaler, encoding.TextMarshaler:
		// If the value is an error too, its own form is used, not its text.
		return marshal(known)
	case error:
		return text("%v", known) // fmt recovers if Error panics on a nil pointer
	}
	return encodeParts(value, depth)
}

// encodeAttrs writes attributes that are depth levels deep in a value.
func encodeAttrs(attrs Attrs, depth int) json.RawMessage {
	if attrs == nil {
		return json.RawMessage("null")
	}
	object, err := marshalAttrs(attrs, func(value any) ([]byte, error) { return encode(value, depth+1), nil })
	if err != nil { // cannot happen, since a name is a text
		return text("not recorded: %v", err)
	}
	return object
}

// encodeParts writes the parts of a value one by one, if encoding/json might write
// some of them in another form than the one in which fxrun shows them.
func encodeParts(value any, depth int) json.RawMessage {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Map:
		if v.IsNil() || isPlain(v.Type().Key()) && isPlain(v.Type().Elem()) {
			break
		}
		object := make(map[string]json.RawMessage, v.Len())
		for entry := v.MapRange(); entry.Next(); {
			name, err := nameOf(entry.Key())
			if err != nil {
				return marshal(value)
			}
			object[name] = encode(entry.Value().Interface(), depth+1)
		}
		return marshal(object)
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.IsNil() || isPlain(v.Type().Elem()) {
			break
		}
		list := make([]json.RawMessage, v.Len())
		for i := range list {
			list[i] = encode(v.Index(i).Interface(), depth+1)
		}
		return marshal(list)
	case reflect.Pointer:
		if !v.IsNil() && v.Elem().CanInterface() {
			return encode(v.Elem().Interface(), depth+1)
		}
	default: // it has no parts, or is a struct
	}
	return marshal(value)
}

// nameOf returns the name that the key of a map has in an object. This is the name
// that encoding/json gives it, except for a duration, which becomes text such as
// 1.5s.
func nameOf(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	switch known := key.Interface().(type) {
	case time.Duration:
		return known.String(), nil
	case encoding.TextMarshaler:
		if key.Kind() == reflect.Pointer && key.IsNil() {
			return "", nil
		}
		name, err := known.MarshalText()
		return string(name), err
	}
	switch {
	case key.CanInt():
		return strconv.FormatInt(key.Int(), 10), nil
	case key.CanUint():
		return strconv.FormatUint(key.Uint(), 10), nil
	default:
		return "", fmt.Errorf("a %v can't be a name in JSON", key.Type())
	}
}

// isPlain reports whether encoding/json writes the values of a type in the form in
// which fxrun shows them.
func isPlain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return t.PkgPath() == "" // a predeclared type has no methods
	default:
		return false
	}
}

// marshal writes a value as encoding/json does, or as text if encoding/json cannot
// write it.
func marshal(value any) json.RawMessage {
	encoded, err := json.Marshal(value)
	switch {
	case err == nil && depthOf(encoded) > maxDepth:
		return text("not recorded: %v", &valueError{reflect.TypeOf(value), nestedTooDeeply})
	case err == nil:
		return encoded
	}
	if err := CheckValue(value); err != nil { // fmt looks at unexported fields too
		return text("not recorded: %v", err)
	}
	return text("%v", value)
}

// depthOf returns how many levels of objects and lists the JSON has.
func depthOf(encoded []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(encoded); i++ {
		switch c := encoded[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Attr is one attribute of a log line.
type Attr struct {
	// Name is the key of the attribute.
	Name string
	// Value is anything that may stand in [Values]. The value of a group is an
	// [Attrs].
	Value any
}

// Attrs are the attributes of a log line, in the order in which the logger gave
// them. A nil Attrs is a line without attributes.
//
// In JSON they are an object whose names have the same order. A name stands in it
// once: if the logger gave a name several times, the object has the last value at
// the first place. The values are recorded as [Values] are. What comes out of a
// store has the shapes of JSON, where every object within the attributes is an
// Attrs too, so that it keeps its order.
type Attrs []Attr

// Get returns the value of the attribute with a name, and nil if there is none. If
// several attributes have the name, Get returns the value of the last one.
func (a Attrs) Get(name string) any {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i].Name == name {
			return a[i].Value
		}
	}
	return nil
}

// MarshalJSON writes an object in the order of the attributes.
func (a Attrs) MarshalJSON() ([]byte, error) {
	if a == nil {
		return []byte("null"), nil
	}
	return marshalAttrs(a, encodeValue)
}

// UnmarshalJSON reads an object and keeps its order.
func (a *Attrs) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	value, err := decodeOrdered(decoder)
	if err != nil {
		return err
	}
	attrs, ok := value.(Attrs)
	if !ok && value != nil {
		return fmt.Errorf("reading attributes: want a JSON object, got %.100s", data)
	}
	*a = attrs
	return nil
}

// Settled returns a copy of the attributes as they are now: see [Values.Settled]. A
// name stands in it once.
func (a Attrs) Settled() Attrs {
	if a == nil {
		return nil
	}
	settled := a.unique()
	for i, attr := range settled {
		settled[i].Value = settledValue(attr.Value)
	}
	return settled
}

// unique returns a copy in which each name occurs once, and in which names are
// valid UTF-8, as JSON needs it.
func (a Attrs) unique() Attrs {
	kept := make(Attrs, 0, len(a))
	places := make(map[string]int, len(a))
	for _, attr := range a {
		if !utf8.ValidString(attr.Name) {
			attr.Name = string([]rune(attr.Name)) // as encoding/json writes it
		}
		if at, ok := places[attr.Name]; ok {
			kept[at].Value = attr.Value
			continue
		}
		places[attr.Name] = len(kept)
		kept = append(kept, attr)
	}
	return kept
}

// marshalAttrs writes the attributes as an object. The given function writes the
// values.
func marshalAttrs(attrs Attrs, encode func(value any) ([]byte, error)) ([]byte, error) {
	object := []byte("{")
	for i, attr := range attrs.unique() {
		if i > 0 {
			object = append(object, ',')
		}
		name, err := json.Marshal(attr.Name)
		if err != nil {
			return nil, fmt.Errorf("encoding the name %q: %w", attr.Name, err)
		}
		value, err := encode(attr.Value)
		if err != nil {
			return nil, fmt.Errorf("encoding %q: %w", attr.Name, err)
		}
		object = append(append(append(object, name...), ':'), value...)
	}
	return append(object, '}'), nil
}

// decodeOrdered reads one value. Every object in the value becomes an Attrs.
func decodeOrdered(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		attrs := Attrs{}
		for decoder.More() {
			name, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			text, _ := name.(string) // the decoder refuses any other name
			value, err := decodeOrdered(decoder)
			if err != nil {
				return nil, err
			}
			attrs = append(attrs, Attr{text, value})
		}
		_, err := decoder.Token()
		return attrs.unique(), err
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			value, err := decodeOrdered(decoder)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := decoder.Token()
		return list, err
	}
	return token, nil
}

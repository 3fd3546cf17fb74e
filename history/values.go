package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

// Values are named values that a step attached to something: the metadata of a
// materialization, the attributes of a log line.
//
// Anything may go in; what comes out of a store has JSON's shapes: nil, bool,
// string, [json.Number] (exact, so that large counts stay whole), []any and
// map[string]any. An error is recorded as its text, a [slog.LogValuer] as the
// value that it gives, and a value that JSON can't express (NaN, a channel) as
// its fmt text, so that recording never fails because of a value. What a step
// gives is kept as it is at that moment.
type Values map[string]any

// MarshalJSON writes an object.
func (v Values) MarshalJSON() ([]byte, error) {
	if v == nil {
		return []byte("null"), nil
	}
	object := make(map[string]json.RawMessage, len(v))
	for name, value := range v {
		encoded, err := encodeValue(value)
		if err != nil {
			return nil, fmt.Errorf("encoding %q: %w", name, err)
		}
		object[name] = encoded
	}
	return json.Marshal(object)
}

// UnmarshalJSON reads an object.
func (v *Values) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return err
	}
	*v = object
	return nil
}

// Settled returns the values as they are now. Whoever gave them may go on to
// change what they refer to, and the history writes them later, in a goroutine
// of its own.
func (v Values) Settled() Values {
	for name, value := range v {
		switch value.(type) {
		case nil, bool, string, int, int64, uint64, float64, time.Duration, time.Time:
			continue
		}
		if encoded, err := encodeValue(value); err == nil {
			v[name] = json.RawMessage(encoded)
		}
	}
	return v
}

func encodeValue(value any) (encoded []byte, err error) {
	defer func() { // its methods are anybody's
		if recovered := recover(); recovered != nil {
			encoded, err = json.Marshal(fmt.Sprintf("panic while encoding a %T: %v", value, recovered))
		}
	}()
	switch logged := value.(type) {
	case slog.Value:
		value = logged.Resolve().Any()
	case slog.LogValuer:
		value = slog.AnyValue(logged).Resolve().Any()
	}
	switch known := value.(type) {
	case map[string]any:
		return Values(known).MarshalJSON()
	case []slog.Attr:
		group := make(Values, len(known))
		for _, attr := range known {
			group[attr.Key] = attr.Value.Resolve().Any()
		}
		return group.MarshalJSON()
	case json.Marshaler:
		// Its own form wins over its error text, if it is an error too.
	case error:
		value = fmt.Sprint(known) // survives the Error method of a nil pointer
	}
	encoded, err = json.Marshal(value)
	if err != nil {
		return json.Marshal(fmt.Sprint(value))
	}
	return encoded, nil
}

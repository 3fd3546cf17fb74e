package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Values are named values that a step attached to something: the metadata of a
// materialization. The values of [Attrs] follow the same rules.
//
// Anything may go in. What comes out of a store has the shapes of JSON: nil,
// bool, string, [json.Number] (exact, so that large counts stay whole), []any and
// map[string]any. An error is recorded as its text, a [slog.LogValuer] as the
// value that it gives, and a [time.Duration] as text such as 1.5s, also in lists
// and maps; a struct is recorded as encoding/json writes it. A value that JSON
// can't express (NaN, a channel) is recorded as its fmt text. In place of a value
// that refers to itself, is nested too deeply or is too large stands a text that
// says so, see [CheckValue]. So recording never fails because of a value. What a
// step gives is kept as it is at that moment.
//
// Texts are kept as they are given, with control characters. Whoever shows them
// on a terminal must replace those.
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
		v[name] = settledValue(value)
	}
	return v
}

// settledValue returns a value that nobody can change any more.
func settledValue(value any) any {
	switch value.(type) {
	case nil, bool, string, int, int64, uint64, float64, time.Time:
		return value
	}
	encoded, err := encodeValue(value)
	if err != nil {
		return value
	}
	return json.RawMessage(encoded)
}

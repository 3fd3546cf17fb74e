package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Values are named values that a step has attached to something, for instance the
// metadata of a materialization. The values of [Attrs] follow the same rules.
//
// A value may have any type. A value that comes from a store has one of the shapes
// of JSON: nil, bool, string, [json.Number] (which is exact, also for large counts),
// []any and map[string]any. An error is recorded as its text, a [slog.LogValuer] as
// the value that it returns, and a [time.Duration] as text such as 1.5s, also in
// lists and maps. A struct is recorded as encoding/json writes it. A value that JSON
// cannot express, such as NaN or a channel, is recorded as the text that package fmt
// writes. A value that refers to itself, is nested too deeply or is too large is
// replaced by a text that says so: see [CheckValue]. So is a value that has more than
// 1 MiB as JSON when [Values.Settled] is called. Therefore no value can make recording
// fail. A value is recorded as it is when the step gives it.
//
// Control characters in texts are kept. A program that shows texts on a terminal
// must replace them.
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

// Settled returns the values as they are now, in a form that later changes of what
// they refer to do not change. The history writes values later and in another
// goroutine. Settled changes v, and returns it.
func (v Values) Settled() Values {
	for name, value := range v {
		v[name] = settledValue(value)
	}
	return v
}

// maxValue is how many bytes a settled value has at most, a text without its quotes.
const maxValue = 1 << 20

// settledValue returns a value that nobody can change any more. A value that is too large
// for the history is replaced by a text that says so.
func settledValue(value any) any {
	switch known := value.(type) {
	case string:
		if len(known) > maxValue {
			return tooLarge(value, len(known))
		}
		return value
	case nil, bool, int, int64, uint64, float64, time.Time:
		return value
	}
	encoded, err := encodeValue(value)
	if err != nil {
		return value
	}
	if len(encoded) > maxValue {
		return tooLarge(value, len(encoded))
	}
	return json.RawMessage(encoded)
}

func tooLarge(value any, bytes int) string {
	return fmt.Sprintf("not recorded: a %T of %d bytes, where at most %d are recorded", value, bytes, maxValue)
}

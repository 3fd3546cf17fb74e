package runs

import (
	"bytes"
	"encoding/json"

	"github.com/fxrun/fxrun/history"
)

// mask masks the secrets of a run in text; see [container.Prepared.Mask].
type mask func(text string) string

// event masks what others wrote in an event: the texts of errors, log lines and
// messages, and the values that a step or an IO manager told. Keys and names stay, so
// that events still fit together.
func (m mask) event(data history.EventData) history.EventData {
	switch data := data.(type) {
	case history.RunFinished:
		data.Error = m.failure(data.Error)
		return data
	case history.RunCancelRequested:
		data.Reason = m(data.Reason)
		return data
	case history.ResourceStarted:
		data.Error = m.failure(data.Error)
		return data
	case history.ResourceStopped:
		data.Error = m.failure(data.Error)
		return data
	case history.StepFailed:
		data.Error = m.failure(data.Error)
		return data
	case history.StepSkipped:
		data.Because = m(data.Because)
		return data
	case history.StepProgress:
		data.Message = m(data.Message)
		return data
	case history.AssetMaterialized:
		data.Metadata = m.values(data.Metadata)
		return data
	case history.LogWritten:
		data.Message, data.Attrs = m(data.Message), m.values(data.Attrs)
		return data
	case history.RunQueued, history.RunStarting, history.RunStarted, history.ResourceStarting, history.ResourceStopping,
		history.StepStarted, history.StepSucceeded, history.StepCancelled, history.UnknownEvent:
	}
	return data
}

func (m mask) failure(failure history.Failure) history.Failure {
	return history.Failure{Message: m(failure.Message), Stack: m(failure.Stack)}
}

// values masks settled values.
func (m mask) values(values history.Values) history.Values {
	for name, value := range values.Settled() {
		switch value := value.(type) {
		case string:
			values[name] = m(value)
		case json.RawMessage:
			values[name] = m.raw(value)
		case int, int64, uint64, float64:
			values[name] = m.number(value)
		}
		if shown := m(name); shown != name {
			values[shown] = values[name]
			delete(values, name)
		}
	}
	return values
}

// number masks a number that is a secret: as text then.
func (m mask) number(value any) any {
	written, err := json.Marshal(value)
	if err != nil {
		return value
	}
	if shown := m(string(written)); shown != string(written) {
		return shown
	}
	return value
}

// encoded masks a value as JSON, and reports whether that was needed.
func (m mask) encoded(value any) (masked json.RawMessage, changed bool) {
	defer func() { // its methods are anybody's
		if recover() != nil {
			masked, changed = nil, false
		}
	}()
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, false
	}
	masked = m.raw(encoded)
	return masked, !bytes.Equal(masked, encoded)
}

// raw masks the texts in JSON. The JSON as a whole can't be masked, since the
// masked part could begin within an escape sequence.
func (m mask) raw(encoded json.RawMessage) json.RawMessage {
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return encoded
	}
	masked, changed := m.decoded(value)
	if !changed {
		return encoded
	}
	written, err := json.Marshal(masked)
	if err != nil {
		return encoded
	}
	return written
}

// decoded masks a value of JSON's shapes, and reports whether it changed.
func (m mask) decoded(value any) (masked any, changed bool) {
	switch value := value.(type) {
	case string:
		shown := m(value)
		return shown, shown != value
	case json.Number:
		if shown := m(value.String()); shown != value.String() {
			return shown, true
		}
	case []any:
		for i, item := range value {
			shown, did := m.decoded(item)
			value[i], changed = shown, changed || did
		}
		return value, changed
	case map[string]any:
		object := make(map[string]any, len(value))
		for name, item := range value {
			shown, did := m.decoded(item)
			object[m(name)] = shown
			changed = changed || did || m(name) != name
		}
		return object, changed
	}
	return value, false
}

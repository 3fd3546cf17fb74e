package runs

import (
	"bytes"
	"encoding/json"
	"regexp"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/excerpt"
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
		data.Message, data.Attrs = m(data.Message), m.attrs(data.Attrs)
		return data
	case history.RunQueued, history.RunStarting, history.RunStarted, history.RunAdopted, history.ResourceStarting, history.ResourceStopping,
		history.StepStarted, history.StepSucceeded, history.StepCancelled, history.UnknownEvent:
	}
	return data
}

// failure masks a failure, and then cuts texts that are too long for the history, so that no
// part of a secret is left where a text is cut.
func (m mask) failure(failure history.Failure) history.Failure {
	return excerpt.OfFailure(history.Failure{Message: m(failure.Message), Stack: m(failure.Stack)})
}

// values masks settled values.
func (m mask) values(values history.Values) history.Values {
	for name, value := range values.Settled() {
		values[name] = m.value(value)
		if shown := m(name); shown != name {
			values[shown] = values[name]
			delete(values, name)
		}
	}
	return values
}

// attrs masks settled attributes.
func (m mask) attrs(attrs history.Attrs) history.Attrs {
	if attrs == nil {
		return nil
	}
	masked := attrs.Settled()
	for i, attr := range masked {
		masked[i] = history.Attr{Name: m(attr.Name), Value: m.value(attr.Value)}
	}
	return masked
}

// value masks a settled value.
func (m mask) value(value any) any {
	switch value := value.(type) {
	case string:
		return m(value)
	case json.RawMessage:
		return m.raw(value)
	case int, int64, uint64, float64:
		return m.number(value)
	}
	return value
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

// literal finds the texts and the numbers of valid JSON.
var literal = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?[0-9][-+.eE0-9]*`)

// raw masks the texts and the numbers in JSON, and keeps its order. The JSON as a
// whole can't be masked, since the masked part could begin within an escape
// sequence.
func (m mask) raw(encoded json.RawMessage) json.RawMessage {
	if !json.Valid(encoded) {
		return encoded
	}
	return literal.ReplaceAllFunc(encoded, func(found []byte) []byte {
		text := string(found)
		if found[0] == '"' {
			if err := json.Unmarshal(found, &text); err != nil {
				return found
			}
		}
		shown := m(text)
		if shown == text {
			return found
		}
		masked, err := json.Marshal(shown)
		if err != nil { // never: a text can be written
			return []byte(`"` + container.Masked + `"`)
		}
		return masked
	})
}

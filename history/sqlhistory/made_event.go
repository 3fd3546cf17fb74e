package sqlhistory

import "github.com/fxrun/fxrun/history"

// madeEvent is a materialization that questions ask for again and again.
type madeEvent struct {
	encodedEvent

	asset    string // of an event that is packed, which has no kind yet
	packed   packed
	given    bool      // before
	decoding *decoding // the last one that was given it
}

// give returns the event with metadata that the caller may change. In many processes there is
// only one question, so the first one gets the only copy. The second one keeps another.
func (m *madeEvent) give() (event history.Event, err error) {
	if m.kind == "" {
		if m.encodedEvent, err = m.packed.unpack(m.asset); err != nil {
			return event, err
		}
		m.packed = ""
	}
	if m.event.Data == nil {
		if event, err = m.decode(); err != nil || !m.given {
			m.given = true
			return event, err
		}
		m.event, m.fields = event, nil
	}
	return withOwnMetadata(m.event), nil
}

// withOwnMetadata returns the event with a copy of its metadata, which the caller may change.
func withOwnMetadata(event history.Event) history.Event {
	if made, ok := event.Data.(history.AssetMaterialized); ok && made.Metadata != nil {
		made.Metadata, _ = cloned(map[string]any(made.Metadata)).(map[string]any)
		event.Data = made
	}
	return event
}

// cloned returns a copy of a value of JSON.
func cloned(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for name, one := range value {
			copied[name] = cloned(one)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, one := range value {
			copied[i] = cloned(one)
		}
		return copied
	default:
		return value
	}
}

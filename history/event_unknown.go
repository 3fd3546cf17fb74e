package history

import "encoding/json"

// UnknownEvent is an event of a type that this version does not know: a newer
// one wrote it. It can be read, shown and stored, and changes nothing in a
// [Record].
type UnknownEvent struct {
	// Kind is the event's type. Never empty, never a type that is known.
	Kind EventType
	// Fields is a JSON object of the event's own fields, without run_id, seq,
	// time and type. Nil is an empty object.
	Fields json.RawMessage
}

func (u UnknownEvent) eventType() EventType { return u.Kind }

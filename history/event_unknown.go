package history

import "encoding/json"

// UnknownEvent is an event of a type that this version does not know, since a newer
// version has written it. It can be read, shown and stored. It changes nothing in a
// [Record].
type UnknownEvent struct {
	// Kind is the type of the event. It is never empty, and never a type that this
	// version knows.
	Kind EventType
	// Fields is a JSON object of the event's own fields, without run_id, seq,
	// time and type. Nil is an empty object.
	Fields json.RawMessage
}

func (u UnknownEvent) eventType() EventType { return u.Kind }

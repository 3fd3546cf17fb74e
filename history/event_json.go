package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// eventHead holds the fields that every event has in JSON.
type eventHead struct {
	RunID string    `json:"run_id"`
	Seq   int64     `json:"seq"`
	Time  time.Time `json:"time"`
	Type  EventType `json:"type"`
}

// isHeadField reports whether a field of an object would be read into an eventHead.
// The decoder ignores upper and lower case in names.
func isHeadField(name string) bool {
	for _, head := range []string{"run_id", "seq", "time", "type"} {
		if strings.EqualFold(name, head) {
			return true
		}
	}
	return false
}

// MarshalJSON writes the event as one flat object. Its time is in UTC, to the
// microsecond.
func (e Event) MarshalJSON() ([]byte, error) {
	fields, err := encodeData(e.Data)
	if err != nil {
		return nil, fmt.Errorf("encoding event %d of run %s: %w", e.Seq, e.RunID, err)
	}
	head, err := json.Marshal(eventHead{RunID: e.RunID, Seq: e.Seq, Time: storedTime(e.Time), Type: e.Type()})
	if err != nil {
		return nil, fmt.Errorf("encoding event %d of run %s: %w", e.Seq, e.RunID, err)
	}
	if len(fields) == len("{}") {
		return head, nil
	}
	object := append(head[:len(head)-1], ',')
	return append(object, fields[1:]...), nil
}

// UnmarshalJSON reads what MarshalJSON wrote. A type that this version does
// not know becomes an [UnknownEvent].
func (e *Event) UnmarshalJSON(object []byte) error {
	var head eventHead
	if err := json.Unmarshal(object, &head); err != nil {
		return fmt.Errorf("reading an event: %w", err)
	}
	data, err := DecodeData(head.Type, object)
	if err != nil {
		return fmt.Errorf("reading event %d of run %s: %w", head.Seq, head.RunID, err)
	}
	at := storedTime(head.Time)
	if at.Year() < 0 || at.Year() > 9999 {
		return fmt.Errorf("reading event %d of run %s: its time in UTC, %s, is not in the years 0 to 9999", head.Seq, head.RunID, at)
	}
	*e = Event{RunID: head.RunID, Seq: head.Seq, Time: at, Data: data}
	return nil
}

// Encode checks that the event can be stored. It returns the event as every store
// returns it: its time is in UTC to the microsecond, its values have the shapes of
// JSON, and it shares nothing with e. Seq does not change. Encode also returns the
// fields of the data as a JSON object, which [DecodeData] reads. Equal data gives
// equal bytes.
//
// It is for authors of a [Store]. The error matches [ErrInvalid].
func (e Event) Encode() (stored Event, fields json.RawMessage, err error) {
	if err := e.check(false); err != nil {
		return Event{}, nil, err
	}
	fields, err = encodeData(e.Data)
	if err != nil {
		return Event{}, nil, fmt.Errorf("%w: %s of run %s: %w", ErrInvalid, e.Type(), e.RunID, err)
	}
	data := e.Data
	if !isCanonical(data) {
		if data, err = DecodeData(e.Type(), fields); err != nil {
			return Event{}, nil, fmt.Errorf("%w: %s of run %s: %w", ErrInvalid, e.Type(), e.RunID, err)
		}
	}
	return Event{RunID: e.RunID, Seq: e.Seq, Time: storedTime(e.Time), Data: data}, fields, nil
}

// isCanonical reports whether reading the data back from JSON certainly gives equal
// data. It answers only for the events that every step has, because there are many
// of these, and reading them back costs twice as much as writing them.
func isCanonical(data EventData) bool {
	switch data := data.(type) {
	case StepStarted:
		return utf8.ValidString(data.Step) && utf8.ValidString(data.Worker)
	case StepProgress:
		return utf8.ValidString(data.Step) && utf8.ValidString(data.Message)
	case StepSucceeded:
		return utf8.ValidString(data.Step)
	case AssetMaterialized:
		return data.Metadata == nil && utf8.ValidString(data.Asset) && utf8.ValidString(data.Partition) &&
			utf8.ValidString(data.Step) && utf8.ValidString(data.IOManager) && utf8.ValidString(data.CodeVersion)
	default:
		return false
	}
}

// check returns an error for an event that no log can contain, whatever the events
// before it are. If stored is true, the event comes from a log.
func (e Event) check(stored bool) error {
	switch {
	case e.Data == nil:
		return fmt.Errorf("%w: the event has no data", ErrInvalid)
	case e.RunID == "":
		return fmt.Errorf("%w: %s has no run ID", ErrInvalid, e.Type())
	case !utf8.ValidString(e.RunID) || !utf8.ValidString(string(e.Type())):
		return fmt.Errorf("%w: %q of run %q is not UTF-8", ErrInvalid, e.Type(), e.RunID)
	case e.Seq != 0 && e.Type() == TypeStepProgress && !stored:
		return fmt.Errorf("%w: %s of run %s has the sequence number %d, but it has no place in the log", ErrInvalid, e.Type(), e.RunID, e.Seq)
	case e.Seq < 0:
		return fmt.Errorf("%w: %s of run %s has the negative sequence number %d", ErrInvalid, e.Type(), e.RunID, e.Seq)
	case e.Time.IsZero():
		return fmt.Errorf("%w: %s of run %s has no time", ErrInvalid, e.Type(), e.RunID)
	case e.Time.UTC().Year() < 1 || e.Time.UTC().Year() > 9999:
		return fmt.Errorf("%w: %s of run %s has the time %s, which is not in the years 1 to 9999", ErrInvalid, e.Type(), e.RunID, e.Time)
	}
	return nil
}

// storedTime returns a time as stores keep it: in UTC, without the monotonic
// reading, and to the microsecond, which every database can keep.
func storedTime(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func encodeData(data EventData) ([]byte, error) {
	if data == nil {
		return nil, errors.New("it has no data")
	}
	unknown, ok := data.(UnknownEvent)
	if !ok {
		return json.Marshal(data)
	}
	if unknown.Kind == "" {
		return nil, errors.New("an unknown event without a type")
	}
	if isKnown(unknown.Kind) {
		return nil, fmt.Errorf("an unknown event of the known type %q", unknown.Kind)
	}
	return unknownFields(unknown.Fields)
}

// unknownFields returns the fields of an object without the fields of an eventHead,
// sorted by name.
func unknownFields(object []byte) ([]byte, error) {
	if object == nil {
		return []byte("{}"), nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		return nil, err
	}
	if fields == nil {
		return nil, errors.New("its fields are null, not an object")
	}
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool { return isHeadField(name) })
	return json.Marshal(fields)
}

// DecodeData reads the data of an event from a JSON object. The object may also have
// other fields. The data of a type that this version does not know is an
// [UnknownEvent]. An empty type is an error.
func DecodeData(kind EventType, object []byte) (EventData, error) {
	decode := decoder(kind)
	if decode != nil {
		return decode(object)
	}
	if kind == "" {
		return nil, errors.New("it has no type")
	}
	fields, err := unknownFields(object)
	if err != nil {
		return nil, err
	}
	return UnknownEvent{Kind: kind, Fields: fields}, nil
}

func isKnown(kind EventType) bool { return decoder(kind) != nil }

// decoder returns the function that reads events of a type, or nil if the type is
// not known.
func decoder(kind EventType) func([]byte) (EventData, error) {
	switch kind {
	case TypeRunQueued:
		return decodeAs[RunQueued]
	case TypeRunStarting:
		return decodeAs[RunStarting]
	case TypeRunStarted:
		return decodeAs[RunStarted]
	case TypeRunAdopted:
		return decodeAs[RunAdopted]
	case TypeRunFinished:
		return decodeAs[RunFinished]
	case TypeRunCancelRequested:
		return decodeAs[RunCancelRequested]
	case TypeResourceStarting:
		return decodeAs[ResourceStarting]
	case TypeResourceStarted:
		return decodeAs[ResourceStarted]
	case TypeResourceStopping:
		return decodeAs[ResourceStopping]
	case TypeResourceStopped:
		return decodeAs[ResourceStopped]
	case TypeStepStarted:
		return decodeAs[StepStarted]
	case TypeStepProgress:
		return decodeAs[StepProgress]
	case TypeStepSucceeded:
		return decodeAs[StepSucceeded]
	case TypeStepFailed:
		return decodeAs[StepFailed]
	case TypeStepSkipped:
		return decodeAs[StepSkipped]
	case TypeStepCancelled:
		return decodeAs[StepCancelled]
	case TypeAssetMaterialized:
		return decodeMaterialized
	case TypeLogWritten:
		return decodeAs[LogWritten]
	}
	return nil // a newer version has written it
}

func decodeAs[T EventData](object []byte) (EventData, error) {
	var data T
	if err := json.Unmarshal(object, &data); err != nil {
		return nil, err
	}
	return data, nil
}

// decodeMaterialized is decodeAs of an AssetMaterialized, of which there are many.
func decodeMaterialized(object []byte) (EventData, error) {
	if len(object) <= maxPlain {
		if made, ok := readMaterialized(string(object)); ok {
			return made, nil
		}
	}
	return decodeAs[AssetMaterialized](object)
}

// readMaterialized reads what was written by this version or an earlier one. Other texts are
// not ok, whatever encoding/json says of them.
func readMaterialized(object string) (made AssetMaterialized, ok bool) {
	r := plainReader{text: object}
	r.object(func(name string) {
		switch name {
		case "asset":
			made.Asset = r.string()
		case "partition":
			made.Partition = r.string()
		case "step":
			made.Step = r.string()
		case "attempt":
			made.Attempt = int(r.int(strconv.IntSize))
		case "io_manager":
			made.IOManager = r.string()
		case "code_version":
			made.CodeVersion = r.string()
		case "size":
			made.Size = r.int(64)
		case "metadata":
			r.odd = r.odd || made.Metadata != nil // encoding/json puts both together
			made.Metadata = r.values(0)
		default:
			r.odd = true
		}
	})
	return made, r.isPlain()
}

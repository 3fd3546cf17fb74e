package sqlhistory

import (
	"database/sql"
	"fmt"

	"github.com/fxrun/fxrun/history"
)

// encodedEvent is an event whose data is still JSON.
type encodedEvent struct {
	event  history.Event // without its data
	kind   history.EventType
	fields sql.RawBytes
}

// scanEncoded reads the event of a row. Its fields are valid until the next row is read.
func scanEncoded(row scanner) (encodedEvent, error) {
	var e encodedEvent
	var at sql.NullInt64
	err := row.Scan(&e.event.RunID, &e.event.Seq, &at, &e.kind, &e.fields)
	e.event.Time = fromMicros(at)
	return e, err
}

func (e encodedEvent) decode() (history.Event, error) {
	data, err := history.DecodeData(e.kind, e.fields)
	if err != nil {
		return history.Event{}, fmt.Errorf("event %d of run %s: %w", e.event.Seq, e.event.RunID, err)
	}
	e.event.Data = data
	return e.event, nil
}

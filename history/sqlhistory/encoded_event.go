package sqlhistory

import (
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"

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

// decodedAtOnce is how many events are decoded before a further processor is worth a goroutine.
const decodedAtOnce = 256

// decodeAll decodes events, in their order. Reading JSON takes longer than reading the rows, so
// it uses all processors.
func decodeAll(encoded []encodedEvent) ([]history.Event, error) {
	if len(encoded) == 0 {
		return nil, nil
	}
	events := make([]history.Event, len(encoded))
	size := max(decodedAtOnce, (len(encoded)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	errs := make([]error, (len(encoded)+size-1)/size)
	var group sync.WaitGroup
	for part := range errs {
		group.Go(func() {
			for i := part * size; i < min(len(encoded), (part+1)*size) && errs[part] == nil; i++ {
				events[i], errs[part] = encoded[i].decode()
			}
		})
	}
	group.Wait()
	return events, errors.Join(errs...)
}

package sqlhistory

import (
	"errors"
	"sync"

	"github.com/fxrun/fxrun/history"
)

// decodedAtOnce is how many events are decoded before a further processor is worth a goroutine.
const decodedAtOnce = 256

// decoding decodes the materializations of a question on all processors, while others are still
// read.
type decoding struct {
	group   sync.WaitGroup
	parts   []*decodedPart // in their order
	waiting []*madeEvent   // for the next part
}

type decodedPart struct {
	events []history.Event
	err    error
}

// add takes an event, which may be added only once.
func (d *decoding) add(event *madeEvent) {
	event.decoding = d
	d.waiting = append(d.waiting, event)
	if len(d.waiting) == decodedAtOnce {
		d.start()
	}
}

// start begins to decode the events that wait.
func (d *decoding) start() {
	encoded, part := d.waiting, &decodedPart{}
	d.waiting, d.parts = nil, append(d.parts, part)
	d.group.Go(func() {
		part.events = make([]history.Event, len(encoded))
		for i := 0; i < len(encoded) && part.err == nil; i++ {
			part.events[i], part.err = encoded[i].give()
		}
	})
}

// wait returns all events, in the order in which they were added.
func (d *decoding) wait() (events []history.Event, err error) {
	d.start()
	d.group.Wait()
	for _, part := range d.parts {
		events, err = append(events, part.events...), errors.Join(err, part.err)
	}
	d.parts = nil // the events that were added keep d
	return events, err
}

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

// wait returns all events by their assets.
func (d *decoding) wait() (found map[string]history.Event, err error) {
	d.start()
	found = make(map[string]history.Event, len(d.parts)*decodedAtOnce)
	d.group.Wait()
	for _, part := range d.parts {
		for _, event := range part.events {
			asset, _ := event.Asset()
			found[asset] = event
		}
		err = errors.Join(err, part.err)
	}
	d.parts = nil // the events that were added keep d
	return found, err
}

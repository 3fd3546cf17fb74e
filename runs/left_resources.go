package runs

import (
	"slices"

	"github.com/fxrun/fxrun/history"
)

// leftResources are the resources that were started, or were being started, and were
// not stopped. A resource may stand in it several times: each process that executes
// steps has an instance of its own.
type leftResources struct{ found []history.LeftResource }

// note takes the next event. A resource that is being started or stopped counts, since
// it may hold something.
func (l *leftResources) note(event history.Event) {
	switch data := event.Data.(type) { //nolint:gochecksumtype // the others are of no resource
	case history.ResourceStarting:
		l.found = append(l.found, history.LeftResource(data))
	case history.ResourceStarted:
		if data.Error != (history.Failure{}) {
			l.ended(history.LeftResource{Resource: data.Resource, Step: data.Step, Worker: data.Worker})
		}
	case history.ResourceStopped:
		l.ended(history.LeftResource{Resource: data.Resource, Step: data.Step, Worker: data.Worker})
	}
}

// ended removes the last of the instances of a resource.
func (l *leftResources) ended(resource history.LeftResource) {
	for i, found := range slices.Backward(l.found) {
		if found == resource {
			l.found = slices.Delete(l.found, i, i+1)
			return
		}
	}
}

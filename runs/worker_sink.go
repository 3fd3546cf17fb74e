package runs

import (
	"context"

	"github.com/fxrun/fxrun/history"
)

// workerSink writes what happens on a worker into the store of its launcher, with the name of
// the worker. The store numbers the events, since the owner of the run and other workers
// write into the same log. An event that the store refuses stops nothing but what it is about.
type workerSink struct {
	*runLog
	worker string
}

func (s workerSink) append(ctx context.Context, data ...history.EventData) error {
	return s.appendAs(ctx, appending{}, data)
}

func (s workerSink) appendAs(ctx context.Context, how appending, data []history.EventData) error {
	marked := make([]history.EventData, len(data))
	for i, one := range data {
		marked[i] = s.mark(one)
	}
	return s.runLog.appendAs(ctx, how, marked)
}

// mark adds the name of the worker to an event that has a place for it.
func (s workerSink) mark(data history.EventData) history.EventData {
	switch data := data.(type) {
	case history.StepStarted:
		data.Worker = s.worker
		return data
	case history.ResourceStarting:
		data.Worker = s.worker
		return data
	case history.ResourceStarted:
		data.Worker = s.worker
		return data
	case history.ResourceStopping:
		data.Worker = s.worker
		return data
	case history.ResourceStopped:
		data.Worker = s.worker
		return data
	default:
		return data
	}
}

// close writes what is not yet written.
func (s workerSink) close() {
	s.flush()
	s.runLog.close()
}

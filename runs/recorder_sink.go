package runs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/worker"
)

// recorderSink gives events to a recorder. After its first error nothing more
// is given, and the step ends.
type recorderSink struct {
	recorder Recorder
	runID    string
	mask     mask
	abort    context.CancelCauseFunc

	mu    sync.Mutex
	err   error
	users worker.Pool // calls the recorder
}

func (r *recorderSink) append(ctx context.Context, data ...history.EventData) error {
	return r.appendAs(ctx, appending{}, data)
}

// appendAs appends events. The recorder waits until an event is stored that must be.
func (r *recorderSink) appendAs(ctx context.Context, how appending, data []history.EventData) error {
	defer how.settle()
	events := make([]history.Event, len(data))
	for i, one := range data {
		at := time.Now()
		if how.times != nil {
			at = how.times[i]
		}
		events[i] = history.Event{RunID: r.runID, Time: at, Data: r.mask.event(one)}
	}
	r.mu.Lock() // events stay in the order in which they happened
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = r.users.Guard(func() error { return r.recorder.Record(ctx, events...) })
		if r.err != nil {
			r.err = fmt.Errorf("recording %s of run %s: %w", events[0].Type(), r.runID, r.err)
			r.abort(r.err)
		}
	}
	return r.err
}

func (r *recorderSink) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// close ends what the sink keeps running. It is called when the step has ended. A
// line that is logged after that is still recorded.
func (r *recorderSink) close() { r.users.Close() }

package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server/internal/follow"
)

const (
	// followEvery is the time between two reads of a run that is followed.
	followEvery = 200 * time.Millisecond
	// aliveEvery is how many reads pass between two looks whether the process of a run
	// still exists.
	aliveEvery = 10
)

// followOperation streams the events of a run as server-sent events.
func (a *API) followOperation() operation {
	return operation{
		id: "followRun", method: http.MethodGet, path: "/runs/{id}/follow", stream: true, status: http.StatusOK,
		summary: "Follow a run as server-sent events: each message is an event of the run, with its sequence number as ID; " +
			"a message of the type progress is in no log, and one of the type end has the run, after which the stream ends",
		query: reflect.TypeFor[followQuery](), result: reflect.TypeFor[history.Event](), serve: a.follow,
	}
}

type followQuery struct {
	After int64 `query:"after" doc:"the sequence number after which to begin; the header Last-Event-ID does the same"`
}

func (a *API) follow(w http.ResponseWriter, r *http.Request) {
	var query followQuery
	err := decodeQuery(r.URL.RawQuery, &query)
	if last := r.Header.Get("Last-Event-ID"); err == nil && last != "" {
		if query.After, err = strconv.ParseInt(last, 10, 64); err != nil || query.After < 0 {
			err = refused(http.StatusBadRequest, "Last-Event-ID: it must be a sequence number, not %q", last)
		}
	}
	var record history.Record
	if err == nil {
		record, err = a.find(r)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	if !a.follows.places.Take() {
		w.Header().Set("Retry-After", "2")
		WriteProblem(w, Problem{Status: http.StatusServiceUnavailable, Detail: "too many runs are followed at the same time"})
		return
	}
	defer a.follows.places.Leave()
	begun := follow.Begin(w)
	if r.Method == http.MethodHead {
		return
	}
	s := &stream{Stream: begun, follows: a.follows, run: record.ID, last: query.After}
	_ = s.serve(r.Context(), record) // the client is gone, or asks again
}

// stream writes the events of a run to one client.
type stream struct {
	*follow.Stream

	follows *follows
	run     string
	last    int64 // the sequence number of the last event that the client has
}

func (s *stream) serve(ctx context.Context, record history.Record) error {
	if err := s.Write([]byte("retry: 1000\n\n")); err != nil {
		return err
	}
	if record.Status.Finished() {
		if err := s.catchUp(ctx, record.Seq); err != nil {
			return err
		}
		return s.end(ctx)
	}
	batches, from, leave := s.follows.runs.Join(s.run, record.Seq)
	defer leave()
	if err := s.catchUp(ctx, from); err != nil {
		return err
	}
	err := follow.Each(ctx, s.Stream, batches, func(next batch) (bool, error) { return next.ended, s.send(next) })
	if err != nil {
		return err
	}
	return s.end(ctx)
}

// catchUp sends what the history has, up to an event at least.
func (s *stream) catchUp(ctx context.Context, upTo int64) error {
	for s.last < upTo {
		events, err := s.follows.read(ctx, s.run, s.last)
		if err != nil || len(events) == 0 {
			return err
		}
		var text []byte
		for _, event := range events {
			text, s.last = append(text, event.text...), event.seq
		}
		if err := s.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// send sends what the client does not have yet.
func (s *stream) send(next batch) error {
	var text []byte
	for _, event := range next.events {
		if event.seq > s.last {
			text, s.last = append(text, event.text...), event.seq
		}
	}
	return s.Write(append(text, next.progress...))
}

// end sends the run as it has ended.
func (s *stream) end(ctx context.Context) error {
	record, err := history.Find(ctx, s.follows.launcher.Store(), s.run)
	if err != nil {
		return err
	}
	if err := s.catchUp(ctx, record.Seq); err != nil {
		return err
	}
	text, err := json.Marshal(inspect.DescribeRun(ctx, s.follows.launcher, record))
	if err != nil {
		return err
	}
	return s.Write(message("event: end\n", text))
}

// message returns a server-sent event. JSON has no line breaks.
func message(fields string, data []byte) []byte {
	return append(append([]byte(fields+"data: "), data...), "\n\n"...)
}

// batch is what has happened between two reads of a run.
type batch struct {
	events   []encoded
	progress []byte // messages about the progress of steps
	ended    bool
}

// encoded is an event as the message that all clients get.
type encoded struct {
	seq  int64
	text []byte
}

// follows are the runs that are followed.
type follows struct {
	launcher *runs.Launcher
	runs     *follow.Runs[batch]
	places   follow.Places
}

func newFollows(launcher *runs.Launcher, logger *slog.Logger) *follows {
	f := &follows{launcher: launcher}
	f.runs = follow.New(logger, f.follow)
	return f
}

// follow sends what happens in a run until the run, or its process, has ended.
func (f *follows) follow(ctx context.Context, id string, seq int64, send func(batch, int64)) error {
	progress := make(map[string]history.Progress)
	every := time.NewTicker(followEvery)
	defer every.Stop()
	for reads := 0; ; reads++ {
		record, err := history.Find(ctx, f.launcher.Store(), id) // before the events, which then have its end
		if err != nil {
			return err
		}
		gone := false
		if reads%aliveEvery == 0 {
			liveness, err := f.launcher.Liveness(ctx, record)
			gone = err == nil && inspect.RunDetail{Record: record, Liveness: liveness}.IsLost()
		}
		next := batch{progress: progressOf(record, progress)}
		if next.events, err = f.read(ctx, id, seq); err != nil {
			return err
		}
		if last := len(next.events) - 1; last >= 0 {
			seq = next.events[last].seq
		}
		next.ended = (record.Status.Finished() || gone) && seq >= record.Seq
		if len(next.events) > 0 || len(next.progress) > 0 || next.ended {
			send(next, seq)
		}
		switch {
		case next.ended:
			return nil
		case len(next.events) == usualEvents: // there are more
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-every.C:
		}
	}
}

// read returns the next events of a run, at most so many that they fit into a message.
func (f *follows) read(ctx context.Context, id string, after int64) ([]encoded, error) {
	events, err := f.launcher.Store().Events(ctx, history.EventQuery{RunID: id, AfterSeq: after, Limit: usualEvents})
	list := make([]encoded, 0, len(events))
	for _, event := range events {
		text, err := json.Marshal(event)
		if err != nil {
			return nil, err
		}
		list = append(list, encoded{event.Seq, message("id: "+strconv.FormatInt(event.Seq, 10)+"\n", text)})
	}
	return list, err
}

// progressOf returns messages about the progress that steps have told since the last call.
func progressOf(record history.Record, told map[string]history.Progress) []byte {
	var text []byte
	for _, step := range record.Steps {
		if step.Progress == (history.Progress{}) || step.Progress == told[step.Key] {
			continue
		}
		told[step.Key] = step.Progress
		event := history.Event{RunID: record.ID, Time: step.Progress.Time, Data: history.StepProgress{
			Step: step.Key, Rows: step.Progress.Rows, Total: step.Progress.Total, Message: step.Progress.Message,
		}}
		if encoded, err := json.Marshal(event); err == nil {
			text = append(text, message("event: progress\n", encoded)...)
		}
	}
	return text
}

package ui

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

const (
	// gathered is how long changes of a run are gathered before they are sent.
	gathered = 200 * time.Millisecond
	// silence is how long a stream may be silent; proxies close silent streams.
	silence = 15 * time.Second
	// slowest is how long a watcher may take for one message before it is dropped.
	slowest = 10 * time.Second
	// waiting is how many messages may wait for a watcher before it is dropped. It then
	// connects again and gets everything as it is.
	waiting = 16
)

// liveRuns are the streams of the runs that somebody watches. Each run is read and drawn
// once for all its watchers.
type liveRuns struct {
	pages  *Pages
	ctx    context.Context //nolint:containedctx // it ends the streams, which outlive no call
	cancel context.CancelFunc

	mu   sync.Mutex
	runs map[string]*liveRun
	done sync.WaitGroup
}

// liveRun is a run that is watched.
type liveRun struct {
	watchers map[*watcher]bool
	cancel   context.CancelFunc
}

type watcher struct{ messages chan change }

// change is what has changed in a run: after the event from, up to the event to.
type change struct {
	from, to int64
	events   []history.Event // the new ones
	parts    []byte          // of the page, apart from the log
	finished bool
}

func newLiveRuns(p *Pages) *liveRuns {
	ctx, cancel := context.WithCancel(context.Background())
	return &liveRuns{pages: p, ctx: ctx, cancel: cancel, runs: make(map[string]*liveRun)}
}

func (l *liveRuns) close() {
	l.cancel()
	l.done.Wait()
}

// watch adds a watcher to a run. The caller ends it by leave.
func (l *liveRuns) watch(id string) *watcher {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &watcher{messages: make(chan change, waiting)}
	run := l.runs[id]
	if run == nil {
		ctx, cancel := context.WithCancel(l.ctx)
		run = &liveRun{watchers: make(map[*watcher]bool), cancel: cancel}
		l.runs[id] = run
		l.done.Go(func() {
			defer cancel()
			l.follow(ctx, id, run)
		})
	}
	run.watchers[w] = true
	return w
}

// leave ends a watcher. The last one ends the stream of the run.
func (l *liveRuns) leave(id string, w *watcher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if run := l.runs[id]; run != nil && run.watchers[w] {
		delete(run.watchers, w)
		if len(run.watchers) == 0 {
			delete(l.runs, id)
			run.cancel()
		}
	}
}

// send gives a message to all watchers. A watcher that is too slow is dropped.
func (l *liveRuns) send(run *liveRun, message change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w := range run.watchers {
		select {
		case w.messages <- message:
		default:
			delete(run.watchers, w)
			close(w.messages)
		}
	}
}

// end closes the streams of all watchers of a run.
func (l *liveRuns) end(id string, run *liveRun) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w := range run.watchers {
		delete(run.watchers, w)
		close(w.messages)
	}
	if l.runs[id] == run {
		delete(l.runs, id)
	}
}

// follow reads the events of a run as they come, and sends what changes, until the run
// has ended or nobody watches.
func (l *liveRuns) follow(ctx context.Context, id string, run *liveRun) {
	defer l.end(id, run)
	f := &follower{pages: l.pages, run: id, sent: make(map[string]string)}
	every := time.NewTicker(gathered)
	defer every.Stop()
	for {
		next, err := f.next(ctx)
		if err != nil {
			if ctx.Err() == nil {
				l.pages.config.Logger.Error("following a run", "run", id, "error", err)
			}
			return
		}
		if len(next.parts) > 0 || len(next.events) > 0 || next.finished {
			l.send(run, next)
		}
		if next.finished {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
	}
}

// follower keeps what is known of a run that is watched.
type follower struct {
	pages    *Pages
	run      string
	seq      int64
	timeline inspect.Timeline
	sent     map[string]string // the parts that were sent last, by their element
}

// next reads the new events, and draws the parts of the page that have changed.
func (f *follower) next(ctx context.Context) (change, error) {
	events, err := f.pages.inspect.Log(ctx, inspect.LogQuery{Run: f.run, After: f.seq, Limit: 5000, Level: slog.LevelDebug})
	if err != nil {
		return change{}, err
	}
	made := change{from: f.seq, to: events.Next, events: events.Events}
	f.seq = events.Next
	for _, event := range events.Events {
		f.timeline.Add(event)
	}
	record, err := history.Find(ctx, f.pages.config.Launcher.Store(), f.run)
	if err != nil {
		return change{}, err
	}
	if made.finished = f.timeline.Finished && !events.More; made.finished {
		f.timeline.MarkCritical(f.pages.inspect.StepNeeds(record))
	}
	var out bytes.Buffer
	err = f.parts(ctx, &out, record)
	made.parts = out.Bytes()
	return made, err
}

// parts writes the parts of the page that differ from those that were sent last.
func (f *follower) parts(ctx context.Context, out *bytes.Buffer, record history.Record) error {
	now := time.Now()
	g := f.pages.gantt(f.run, &f.timeline, zoomQuery{}, now)
	if err := f.part(out, "head", "part-run-head", f.pages.runHead(ctx, record, now)); err != nil {
		return err
	}
	if err := f.part(out, "faults", "part-faults", faultsOf(record)); err != nil {
		return err
	}
	lanes := append(append([]ganttLane{}, g.Steps...), g.Resources...)
	shape := sprintf("%d %d %s", len(g.Steps), len(g.Resources), g.Scale)
	lanesTo := out
	if f.sent["shape"] != shape { // the axis or the number of lines has changed
		f.sent["shape"] = shape
		if err := f.part(out, "timeline", "part-gantt", g); err != nil {
			return err
		}
		lanesTo = new(bytes.Buffer) // the lines are part of the timeline
	}
	for _, lane := range lanes {
		if err := f.part(lanesTo, lane.ID, "part-lane", lane); err != nil {
			return err
		}
	}
	return nil
}

// part writes a part of the page if it differs from the one that was sent last.
func (f *follower) part(out *bytes.Buffer, element, name string, data any) error {
	var part bytes.Buffer
	if err := f.pages.templates[name].execute(&part, shell{view: view{Data: data}}); err != nil {
		return err
	}
	text := part.String()
	if f.sent[element] == text {
		return nil
	}
	f.sent[element] = text
	out.WriteString(partial(element, "outerMorph", text))
	return nil
}

// eventOf returns text as a message of a stream of server-sent events.
func eventOf(id int64, text string) []byte {
	var out strings.Builder
	out.WriteString("id: " + strconv.FormatInt(id, 10) + "\n")
	for line := range strings.Lines(text) {
		out.WriteString("data: " + strings.TrimRight(line, "\r\n") + "\n")
	}
	out.WriteString("\n")
	return []byte(out.String())
}

// serve streams the changes of a run. It begins with everything as it is.
func (l *liveRuns) serve(w http.ResponseWriter, r *http.Request) {
	record, err := l.pages.inspect.FindRun(r.Context(), r.PathValue("id"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	watcher := l.watch(record.ID)
	defer l.leave(record.ID, watcher)
	stream := &stream{
		ResponseController: http.NewResponseController(w), to: w, lines: l.pages.templates["part-live-lines"], query: logQuery(r, record.ID),
	}
	stream.query.After = 0
	if err := stream.snapshot(r, l.pages, record); err != nil {
		return
	}
	for {
		select {
		case next, ok := <-watcher.messages:
			if !ok || stream.send(next) != nil {
				return
			}
		case <-time.After(silence):
			if stream.write([]byte(": still here\n\n")) != nil {
				return
			}
		case <-r.Context().Done():
			return
		case <-l.ctx.Done():
			return
		}
	}
}

// stream writes messages to one watcher.
type stream struct {
	*http.ResponseController

	to    http.ResponseWriter
	lines *template
	query inspect.LogQuery // which lines the watcher wants
	seq   int64            // the last event that the watcher has
}

// snapshot sends the whole page as it is.
func (s *stream) snapshot(r *http.Request, p *Pages, record history.Record) error {
	f := &follower{pages: p, run: record.ID, sent: make(map[string]string)}
	all, err := f.next(r.Context())
	for err == nil && !all.finished && all.to < record.Seq { // a long log
		var more change
		more, err = f.next(r.Context())
		all.parts, all.to, all.finished = append(all.parts, more.parts...), more.to, more.finished
	}
	if err != nil {
		return err
	}
	part, err := p.logPart(r, record)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := p.templates["part-log-lines"].execute(&out, shell{view: view{Data: part}}); err != nil {
		return err
	}
	s.seq = record.Seq // the lines end here
	text := string(all.parts) + partial("lines", "outerMorph", out.String())
	return s.write(eventOf(all.to, text))
}

// send sends what has changed. Lines that the watcher has already are left out.
func (s *stream) send(next change) error {
	text := string(next.parts)
	var lines []logLine
	for _, event := range next.events {
		if event.Seq > s.seq && s.query.Fits(event) {
			lines = append(lines, lineOf(event))
		}
	}
	s.seq = max(s.seq, next.to)
	if len(lines) > 0 {
		var rows bytes.Buffer
		if err := s.lines.execute(&rows, shell{view: view{Data: lines}}); err != nil {
			return err
		}
		text += partial("lines", "beforeend", rows.String())
	}
	if text != "" {
		if err := s.write(eventOf(next.to, text)); err != nil {
			return err
		}
	}
	if next.finished {
		return s.write([]byte("event: done\ndata: done\n\n"))
	}
	return nil
}

func partial(element, swap, text string) string {
	return `<hx-partial hx-target="#` + element + `" hx-swap="` + swap + `">` + text + `</hx-partial>`
}

func (s *stream) write(message []byte) error {
	if err := s.SetWriteDeadline(time.Now().Add(slowest)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.to.Write(message); err != nil {
		return err
	}
	return s.Flush()
}

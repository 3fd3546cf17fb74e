package ui

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/server/internal/follow"
)

// gathered is how long changes of a run are gathered before they are sent.
const gathered = 200 * time.Millisecond

// change is what has changed in a run, up to the event to.
type change struct {
	to       int64
	events   []history.Event // the new ones
	parts    []byte          // of the page, apart from the log
	finished bool
}

// follow reads the events of a run as they come, and sends what changes, until the run
// has ended or nobody watches. Each run is read and drawn once for all its watchers, from its
// first event.
func (p *Pages) follow(ctx context.Context, id string, _ int64, send func(change, int64)) error {
	f := &follower{pages: p, run: id, sent: make(map[string]string)}
	every := time.NewTicker(gathered)
	defer every.Stop()
	for {
		next, err := f.next(ctx)
		if err != nil {
			return err
		}
		if len(next.parts) > 0 || len(next.events) > 0 || next.finished {
			send(next, next.to)
		}
		if next.finished {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
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
	made := change{to: events.Next, events: events.Events}
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
	if err := f.part(out, "faults", "part-faults", faultsOf(record, &f.timeline)); err != nil {
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

// serveLive streams the changes of a run. It begins with everything as it is.
func (p *Pages) serveLive(w http.ResponseWriter, r *http.Request) {
	record, err := p.inspect.FindRun(r.Context(), r.PathValue("id"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if !p.places.Take() {
		w.Header().Set("Retry-After", "2")
		http.Error(w, "too many runs are watched at the same time", http.StatusServiceUnavailable)
		return
	}
	defer p.places.Leave()
	begun := follow.Begin(w)
	if r.Method == http.MethodHead {
		return
	}
	changes, _, leave := p.live.Join(record.ID, 0)
	defer leave()
	stream := &stream{Stream: begun, lines: p.templates["part-live-lines"], query: logQuery(r, record.ID)}
	stream.query.After = 0
	if err := stream.snapshot(r, p, record); err != nil {
		return
	}
	_ = follow.Each(r.Context(), stream.Stream, changes, func(next change) (bool, error) { return next.finished, stream.send(next) }) // the watcher is gone, or asks again
}

// stream writes messages to one watcher.
type stream struct {
	*follow.Stream

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
	return s.Write(eventOf(all.to, text))
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
		if err := s.Write(eventOf(next.to, text)); err != nil {
			return err
		}
	}
	if next.finished {
		return s.Write([]byte("event: done\ndata: done\n\n"))
	}
	return nil
}

func partial(element, swap, text string) string {
	return `<hx-partial hx-target="#` + element + `" hx-swap="` + swap + `">` + text + `</hx-partial>`
}

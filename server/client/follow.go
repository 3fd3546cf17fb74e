package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
)

// reconnects is how often a client asks again in turn for a stream that has broken, and
// between the time before each: a server that was started anew takes some seconds.
const reconnects, between = 20, 500 * time.Millisecond

// Follow yields the events of a run after a sequence number, as they happen, until the run
// or its process has ended. Events about the progress of steps have the number 0. A stream
// that breaks is asked for again, and no event is lost or yielded twice. An error ends the
// sequence.
func (c *Client) Follow(ctx context.Context, id string, after int64) iter.Seq2[history.Event, error] {
	return func(yield func(history.Event, error) bool) {
		f := follower{client: c, run: id, last: after, yield: yield}
		for broken := 0; ; broken++ {
			before := f.last
			err := f.read(ctx)
			if f.ended || f.left {
				return
			}
			if f.last > before {
				broken = 0
			}
			refused := statusOf(err) > 0 && statusOf(err) < http.StatusInternalServerError && statusOf(err) != http.StatusTooManyRequests
			if ctx.Err() != nil || refused || broken == reconnects {
				yield(history.Event{}, fmt.Errorf("following run %s: %w", id, errors.Join(ctx.Err(), err)))
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(between):
			}
		}
	}
}

type follower struct {
	client      *Client
	run         string
	last        int64
	yield       func(history.Event, error) bool
	ended, left bool
}

var errBroken = errors.New("the server has ended the stream before the end of the run")

// read reads one stream up to its end.
func (f *follower) read(ctx context.Context) error {
	header := http.Header{"Accept": {"text/event-stream"}}
	answer, err := f.client.send(ctx, http.MethodGet, "/runs/"+url.PathEscape(f.run)+"/follow?after="+strconv.FormatInt(f.last, 10), nil, header)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	kind, data := "", ""
	for lines := bufio.NewReader(answer.Body); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return errors.Join(errBroken, err)
		}
		name, text, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ": ")
		switch name {
		case "event":
			kind = text
		case "data":
			data = text
		case "":
			if data != "" {
				if err := f.message(kind, data); err != nil || f.ended || f.left {
					return err
				}
			}
			kind, data = "", ""
		}
	}
}

func (f *follower) message(kind, data string) error {
	if kind == "end" {
		f.ended = true
		return nil
	}
	var event history.Event
	if err := json.Unmarshal([]byte(data), &event); err != nil {
		return fmt.Errorf("reading an event: %w", err)
	}
	if event.Seq > 0 && event.Seq <= f.last {
		return nil
	}
	f.last = max(f.last, event.Seq)
	f.left = !f.yield(event, nil)
	return nil
}

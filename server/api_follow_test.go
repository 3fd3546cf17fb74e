package server_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server/api"
)

// message is a server-sent event.
type message struct{ id, kind, data string }

// follow returns the messages of a stream, which ends with the stream.
func (s *site) follow(ctx context.Context, path string, header ...string) <-chan message {
	s.t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/v1"+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{}}
	got, err := client.Do(request) //nolint:bodyclose // the goroutine below closes it
	if err != nil {
		s.t.Fatal(err)
	}
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("the answer is %d %s", got.StatusCode, got.Header.Get("Content-Type"))
	}
	messages := make(chan message)
	go func() {
		defer client.CloseIdleConnections()
		defer close(messages)
		defer func() { _ = got.Body.Close() }()
		var next message
		for lines := bufio.NewScanner(got.Body); lines.Scan(); {
			name, text, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				next.id = text
			case "event":
				next.kind = text
			case "data":
				next.data = text
			case "":
				if next != (message{}) {
					messages <- next
				}
				next = message{}
			}
		}
	}()
	return messages
}

func TestFollowingARun(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	id := decoded[api.Launched](t, s.send("/runs", `{"select": "slow or raw/orders"}`).body).Run.ID
	s.waitFor(id, history.StatusRunning)
	messages := s.follow(t.Context(), "/runs/"+id[:len(id)-1]+"/follow")
	first := <-messages
	close(s.opened)
	got := []history.Event{decoded[history.Event](t, first.data)}
	var end inspect.RunDetail
	for next := range messages {
		if next.kind == "end" {
			end = decoded[inspect.RunDetail](t, next.data)
			continue
		}
		event := decoded[history.Event](t, next.data)
		if next.id != number(event.Seq) {
			t.Errorf("the message %s has the event %d", next.id, event.Seq)
		}
		got = append(got, event)
	}
	want, err := s.launcher.Store().Events(t.Context(), history.EventQuery{RunID: id})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the events differ from those of the history (-want +got):\n%s", diff)
	}
	if end.ID != id || end.Status != history.StatusSucceeded {
		t.Errorf("the end is %+v", end)
	}
	t.Run("begins after the last event that the client has", func(t *testing.T) {
		t.Parallel()
		for _, stream := range []<-chan message{s.follow(t.Context(), "/runs/"+id+"/follow?after=3"), s.follow(t.Context(), "/runs/"+id+"/follow", "Last-Event-ID", "3")} {
			next := <-stream
			if next.id != "4" {
				t.Errorf("the first message is %+v", next)
			}
			for range stream { // it ends
			}
		}
	})
	t.Run("begins nowhere after nonsense", func(t *testing.T) {
		t.Parallel()
		for _, header := range []string{"x", "-1", "1e3", "99999999999999999999"} {
			if got := s.do(http.MethodGet, "/api/v1/runs/"+id+"/follow", "", "Last-Event-ID", header); got.status != http.StatusBadRequest {
				t.Errorf("%q is answered by %d", header, got.status)
			}
		}
		if got := s.get("/api/v1/runs/none/follow"); got.status != http.StatusNotFound {
			t.Errorf("a run that does not exist is answered by %d", got.status)
		}
	})
	t.Run("after its end only ends", func(t *testing.T) {
		t.Parallel()
		next := <-s.follow(t.Context(), "/runs/"+id+"/follow?after=100000")
		if next.kind != "end" {
			t.Errorf("the message is %+v", next)
		}
	})
}

func TestAllWhoFollowARunGetAllOfIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	run, err := s.launcher.Launch(t.Context(), runs.Request{Selection: "slow"})
	if err != nil {
		t.Fatal(err)
	}
	s.waitFor(run.ID(), history.StatusRunning)
	const watchers = 20
	var all sync.WaitGroup
	counts := make([]int64, watchers)
	for i := range counts {
		messages := s.follow(t.Context(), "/runs/"+run.ID()+"/follow")
		all.Go(func() {
			for next := range messages {
				if next.id != "" {
					counts[i]++
				}
			}
		})
	}
	for range 50 {
		if _, err := s.launcher.Store().Append(t.Context(), history.Event{RunID: run.ID(), Time: time.Now(), Data: history.LogWritten{Message: "a line"}}); err != nil {
			t.Fatal(err)
		}
	}
	close(s.opened)
	all.Wait()
	record, err := history.Find(t.Context(), s.launcher.Store(), run.ID())
	if err != nil {
		t.Fatal(err)
	}
	for i, count := range counts {
		if count != record.Seq {
			t.Errorf("watcher %d has got %d of %d events", i, count, record.Seq)
		}
	}
}

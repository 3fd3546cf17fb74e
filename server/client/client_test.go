package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/server/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answers answers requests without a network.
type answers func(*http.Request) (status int, kind, body string, err error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	status, kind, body, err := a(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), Header: http.Header{"Content-Type": {kind}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

func newClient(t *testing.T, transport answers) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{URL: "http://server.test/data/", Token: "correct-horse-battery", Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func line(seq int) string {
	return fmt.Sprintf("id: %d\ndata: {\"run_id\":\"r\",\"seq\":%d,\"time\":\"2026-01-01T00:00:00Z\",\"type\":\"run_started\"}\n\n", seq, seq)
}

// followed returns the numbers of the events that a client follows, and the last error.
func followed(ctx context.Context, c *client.Client) (numbers []int64, err error) {
	for event, failed := range c.Follow(ctx, "r", 0) {
		if err = failed; err == nil {
			numbers = append(numbers, event.Seq)
		}
	}
	return numbers, err
}

func TestAStreamThatBreaksIsAskedForAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		c := newClient(t, func(r *http.Request) (int, string, string, error) {
			asked = append(asked, r.URL.RequestURI())
			switch len(asked) {
			case 1:
				return 200, "text/event-stream", "retry: 1000\n\n" + line(1) + line(2) + "id: 3\nda", nil
			case 2:
				return 0, "", "", errors.New("connection refused")
			case 3:
				return 503, "text/plain", "starting", nil
			case 4:
				return 429, "application/problem+json", `{"status": 429, "detail": "too many", "faults": []}`, nil
			}
			return 200, "text/event-stream", line(2) + ": still here\n\n" + line(3) + "event: progress\ndata: {\"run_id\":\"r\",\"seq\":0,\"time\":\"2026-01-01T00:00:00Z\",\"type\":\"step_progress\",\"step\":\"a\"}\n\nevent: end\ndata: {}\n\n", nil
		})
		got, err := followed(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{1, 2, 3, 0}, got); diff != "" {
			t.Errorf("the events differ (-want +got):\n%s", diff)
		}
		const path = "/data/api/v1/runs/r/follow?after="
		if diff := cmp.Diff([]string{path + "0", path + "2", path + "2", path + "2", path + "2"}, asked); diff != "" {
			t.Errorf("the requests differ (-want +got):\n%s", diff)
		}
	})
}

func TestAnEventIsAsLongAsItIs(t *testing.T) {
	t.Parallel()
	const long = 3 << 20
	c := newClient(t, func(*http.Request) (int, string, string, error) {
		text := strings.Repeat("x", long)
		return 200, "text/event-stream", "id: 1\ndata: {\"run_id\":\"r\",\"seq\":1,\"time\":\"2026-01-01T00:00:00Z\",\"type\":\"log_written\",\"level\":\"INFO\",\"message\":\"" + text + "\"}\n\nevent: end\ndata: {}\n\n", nil
	})
	for event, err := range c.Follow(t.Context(), "r", 0) {
		if line, ok := event.Data.(history.LogWritten); err != nil || !ok || len(line.Message) != long {
			t.Errorf("the event has %d letters, %v", len(line.Message), err)
		}
	}
}

func TestAStreamEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer answers
		want   string
		within time.Duration
	}{
		"at once if the run does not exist": {
			func(*http.Request) (int, string, string, error) {
				return 404, "application/problem+json", `{"status": 404, "detail": "x", "doing": "choosing a run", "faults": [{"message": "there is no run"}]}`, nil
			}, "choosing a run: there is no run", 0,
		},
		"after some seconds if the server is gone": {
			func(*http.Request) (int, string, string, error) { return 0, "", "", errors.New("connection refused") },
			"connection refused", 15 * time.Second,
		},
		"after some seconds if every stream breaks": {
			func(*http.Request) (int, string, string, error) { return 200, "text/event-stream", "", nil },
			"before the end of the run", 15 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				_, err := followed(t.Context(), newClient(t, c.answer))
				if err == nil || !strings.Contains(err.Error(), c.want) || time.Since(begun) > c.within {
					t.Errorf("after %v: %v", time.Since(begun), err)
				}
			})
		})
	}
	t.Run("with its context", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := followed(ctx, newClient(t, func(*http.Request) (int, string, string, error) { return 0, "", "", errors.New("refused") }))
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	})
}

func TestAnErrorMatchesWhatItWouldMatchHere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		match  error
		text   string
	}{
		"faults": {
			422, `{"status": 422, "detail": "d", "doing": "preparing", "faults": [{"message": "a (line 2, column 3): b", "path": "a", "line": 2, "column": 3, "value": "v"}]}`,
			container.ErrInvalid, "preparing: a (line 2, column 3): b",
		},
		"a name that does not exist": {404, `{"status": 404, "detail": "d", "faults": []}`, history.ErrNotFound, "d"},
		"a run that exists":          {409, `{"status": 409, "detail": "d", "faults": []}`, history.ErrTransition, "d"},
		"a wrong token":              {401, `{"status": 401, "detail": "d", "faults": []}`, container.ErrInvalid, "d"},
		"a fault of the server":      {500, `{"status": 500, "detail": "d", "faults": []}`, nil, "d"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, func(*http.Request) (int, string, string, error) {
				return c.status, "application/problem+json", c.body, nil
			}).Run(t.Context(), "r")
			if err == nil || err.Error() != c.text || c.match != nil && !errors.Is(err, c.match) || c.match == nil && errors.Is(err, container.ErrInvalid) {
				t.Errorf("the error is %v", err)
			}
			if name == "faults" {
				want := []inspect.Fault{{Message: "a (line 2, column 3): b", Path: "a", Line: 2, Column: 3, Value: "v"}}
				if diff := cmp.Diff(want, inspect.Faults(err)); diff != "" {
					t.Errorf("the faults differ (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestTheStoreReadsPages(t *testing.T) {
	t.Parallel()
	var asked []string
	c := newClient(t, func(r *http.Request) (int, string, string, error) {
		asked = append(asked, r.URL.Path+"?"+r.URL.RawQuery)
		switch {
		case strings.HasSuffix(r.URL.Path, "/events") && r.URL.Query().Get("after") == "0":
			return 200, "application/json", `{"events": [` + strings.TrimPrefix(strings.TrimSpace(strings.Split(line(1), "data: ")[1]), "") + `], "next": 1, "more": true}`, nil
		case strings.HasSuffix(r.URL.Path, "/events"):
			return 200, "application/json", `{"events": [], "next": 1, "more": false}`, nil
		case r.URL.Query().Get("before") == "":
			return 200, "application/json", `{"runs": [{"id": "b"}], "next": "b"}`, nil
		}
		return 200, "application/json", `{"runs": [{"id": "a"}]}`, nil
	})
	store := c.Store()
	records, err := store.Runs(t.Context(), history.RunQuery{Job: "nightly", OmitSteps: true})
	if err != nil || len(records) != 2 {
		t.Errorf("the runs are %+v, %v", records, err)
	}
	events, err := store.Events(t.Context(), history.EventQuery{RunID: "r/1", Types: []history.EventType{history.TypeRunStarted}})
	if err != nil || len(events) != 1 {
		t.Errorf("the events are %+v, %v", events, err)
	}
	want := []string{
		"/data/api/v1/runs?job=nightly&limit=1000&steps=false", "/data/api/v1/runs?before=b&job=nightly&limit=1000&steps=false",
		"/data/api/v1/runs/r/1/events?after=0&limit=10000&type=run_started", "/data/api/v1/runs/r/1/events?after=1&limit=10000&type=run_started",
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("the requests differ (-want +got):\n%s", diff)
	}
	if _, err := store.Append(t.Context(), history.Event{}); err == nil {
		t.Error("it can be appended")
	}
	if _, err := store.Events(t.Context(), history.EventQuery{}); err == nil {
		t.Error("events without a run can be read")
	}
}

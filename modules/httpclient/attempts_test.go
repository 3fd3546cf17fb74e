package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/modules/httpclient"
)

// failing answers the first calls with the statuses given, then with 200 and
// what it was sent.
func failing(calls *atomic.Int32, statuses ...int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		call := int(calls.Add(1))
		body, _ := io.ReadAll(r.Body)
		if call <= len(statuses) {
			w.WriteHeader(statuses[call-1])
			return
		}
		_, _ = fmt.Fprintf(w, "%s %d %q", r.Method, r.ContentLength, body)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name     string
		method   string
		statuses []int
		want     int // calls
	}{
		{"a GET that meets 429 and 5xx is repeated", http.MethodGet, []int{429, 500, 503}, 4},
		{"a PUT and its body are repeated", http.MethodPut, []int{502}, 2},
		{"a DELETE is repeated", http.MethodDelete, []int{502}, 2},
		{"a POST isn't repeated", http.MethodPost, []int{503}, 1},
		{"a PATCH isn't repeated", http.MethodPatch, []int{429}, 1},
		{"what the caller did wrong isn't repeated", http.MethodGet, []int{400}, 1},
		{"what the server never will do isn't repeated", http.MethodGet, []int{501}, 1},
		{"the retries come to an end", http.MethodGet, []int{500, 500, 500, 500, 500}, 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			client := start(t, fast(serve(t, failing(&calls, test.statuses...)).URL))
			req, err := client.NewRequest(t.Context(), test.method, "/", nil, strings.NewReader("order"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if got := int(calls.Load()); got != test.want {
				t.Errorf("got %d calls, want %d", got, test.want)
			}
			if test.want <= len(test.statuses) {
				var status *httpclient.StatusError
				if !errors.As(err, &status) || status.StatusCode != test.statuses[test.want-1] {
					t.Errorf("got %v, want status %d", err, test.statuses[test.want-1])
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			got, err := io.ReadAll(resp.Body)
			if want := test.method + ` 5 "order"`; string(got) != want || err != nil {
				t.Errorf("got %s, %v, want %s", got, err, want)
			}
		})
	}

	t.Run("a POST with an idempotency key is repeated", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int32
		client := start(t, fast(serve(t, failing(&calls, 503)).URL))
		req, err := client.NewRequest(t.Context(), http.MethodPost, "/", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Idempotency-Key", "order-7")
		if err := client.DoJSON(req, nil); err != nil || calls.Load() != 2 {
			t.Errorf("got %v after %d calls", err, calls.Load())
		}
	})

	t.Run("a body that can't be read again is sent once", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int32
		client := start(t, fast(serve(t, failing(&calls, 503)).URL))
		req, err := client.NewRequest(t.Context(), http.MethodPut, "/", nil, io.MultiReader(strings.NewReader("x")))
		if err != nil {
			t.Fatal(err)
		}
		if err := client.DoJSON(req, nil); err == nil || calls.Load() != 1 {
			t.Errorf("got %v after %d calls", err, calls.Load())
		}
	})

	t.Run("a negative MaxRetries means none", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int32
		cfg := fast(serve(t, failing(&calls, 503)).URL)
		cfg.MaxRetries = -1
		if err := start(t, cfg).GetJSON(t.Context(), "/", nil, nil); err == nil || calls.Load() != 1 {
			t.Errorf("got %v after %d calls", err, calls.Load())
		}
	})

	t.Run("a response cut off half way is asked for again", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int32
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if calls.Add(1) == 1 {
				w.Header().Set("Content-Length", "10")
				_, _ = io.WriteString(w, "[1,")
				panic(http.ErrAbortHandler)
			}
			_, _ = io.WriteString(w, "[1,2]")
		})
		var got []int
		err := start(t, fast(server.URL)).GetJSON(t.Context(), "/", nil, &got)
		if diff := cmp.Diff([]int{1, 2}, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
	})

	t.Run("a server that isn't there is tried again, and named", func(t *testing.T) {
		t.Parallel()
		server := serve(t, nil)
		server.Close()
		err := start(t, fast(server.URL)).GetJSON(t.Context(), "/orders", map[string][]string{"key": {"hunter2"}}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "GET "+server.URL+"/orders: attempt 4: dial tcp ") {
			t.Errorf("got %v", err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the query is in %v", err)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func fakeResponse(req *http.Request, status int, header http.Header) *http.Response {
	return &http.Response{
		StatusCode: status, Header: header, Request: req,
		Body: io.NopCloser(strings.NewReader("{}")),
	}
}

// calledAt runs a GET against a server that always gives the status and the
// header, in fake time, and returns when it was called.
func calledAt(t *testing.T, ctx context.Context, cfg httpclient.Config, status int, retryAfter string) (at []time.Duration, err error) {
	t.Helper()
	began := time.Now()
	header := http.Header{"Retry-After": {retryAfter}}
	client, err := httpclient.NewWithTransport(fxtest.NewLifecycle(t), cfg,
		roundTripper(func(req *http.Request) (*http.Response, error) {
			at = append(at, time.Since(began))
			return fakeResponse(req, status, header), nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return at, client.GetJSON(ctx, "/", nil, nil)
}

func TestWaits(t *testing.T) {
	t.Parallel()
	cfg := httpclient.Config{
		BaseURL: "http://api.example", RetryMinWait: time.Second, RetryMaxWait: 10 * time.Second, MaxRetries: 6,
	}

	t.Run("double, shortened by chance, up to the longest", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			at, err := calledAt(t, t.Context(), cfg, 503, "")
			if err == nil || len(at) != 7 {
				t.Fatalf("got %v after calls at %v", err, at)
			}
			for i, longest := range []time.Duration{1, 2, 4, 8, 10, 10} {
				longest *= time.Second
				if wait := at[i+1] - at[i]; wait > longest || wait < longest/2 {
					t.Errorf("wait %d: got %v, want %v to %v", i+1, wait, longest/2, longest)
				}
			}
		})
	})

	t.Run("are as long as the server asks, in seconds or as a date", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			once := cfg
			once.MaxRetries = 1
			for _, format := range []string{"9", http.TimeFormat} {
				retryAfter := time.Now().Add(9 * time.Second).UTC().Format(format)
				at, _ := calledAt(t, t.Context(), once, 429, retryAfter)
				if diff := cmp.Diff([]time.Duration{0, 9 * time.Second}, at); diff != "" {
					t.Errorf("%s: %s", retryAfter, diff)
				}
			}
		})
	})

	t.Run("aren't begun when the server asks for too long, which the error says", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			for retryAfter, want := range map[string]time.Duration{
				"11":                  11 * time.Second,
				"9223372036854775807": 9223372036 * time.Second,
			} {
				at, err := calledAt(t, t.Context(), cfg, 429, retryAfter)
				var status *httpclient.StatusError
				if !errors.As(err, &status) || status.RetryAfter != want || len(at) != 1 {
					t.Errorf("got %#v after calls at %v", err, at)
				}
			}
		})
	})

	t.Run("aren't begun when the context would end first, so that the server's answer is kept", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			at, err := calledAt(t, ctx, cfg, 503, "6")
			var status *httpclient.StatusError
			if !errors.As(err, &status) || len(at) != 1 {
				t.Errorf("got %v after calls at %v", err, at)
			}
		})
	})

	t.Run("end with the context, and the error says why there was one", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			at, err := calledAt(t, ctx, cfg, 503, "")
			want := "GET http://api.example/: attempt 1: context canceled; before that: 503 Service Unavailable"
			if !errors.Is(err, context.Canceled) || err.Error() != want || len(at) != 1 {
				t.Errorf("got %v after calls at %v, want %s", err, at, want)
			}
		})
	})
}

package httpclient_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/modules/httpclient"
)

// pacedAPI returns a client and the times of the calls of its API, which
// answers 200 after the statuses given.
func pacedAPI(t *testing.T, cfg httpclient.Config, retryAfter string, statuses ...int) (client *httpclient.Client, at func() []time.Duration) {
	t.Helper()
	began := time.Now()
	var times []time.Duration
	var mu sync.Mutex
	cfg.BaseURL = "http://api.example"
	client, err := httpclient.NewWithTransport(fxtest.NewLifecycle(t), cfg,
		roundTripper(func(req *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			times = append(times, time.Since(began).Round(time.Millisecond))
			status := http.StatusOK
			if len(times) <= len(statuses) {
				status = statuses[len(times)-1]
			}
			return fakeResponse(req, status, http.Header{"Retry-After": {retryAfter}}), nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return client, func() []time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return times
	}
}

func seconds(numbers ...float64) (durations []time.Duration) {
	for _, n := range numbers {
		durations = append(durations, time.Duration(n*float64(time.Second)))
	}
	return durations
}

func TestPace(t *testing.T) {
	t.Parallel()

	t.Run("is kept by all callers together, after a burst", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client, at := pacedAPI(t, httpclient.Config{RequestsPerSecond: 2, Burst: 3}, "")
			var requests sync.WaitGroup
			for range 6 {
				requests.Go(func() {
					if err := client.GetJSON(t.Context(), "/", nil, nil); err != nil {
						t.Error(err)
					}
				})
			}
			requests.Wait()
			if diff := cmp.Diff(seconds(0, 0, 0, 0.5, 1, 1.5), at()); diff != "" {
				t.Error(diff)
			}
		})
	})

	t.Run("has a burst of one, and may be less than one a second", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client, at := pacedAPI(t, httpclient.Config{RequestsPerSecond: 0.25}, "")
			for range 3 {
				if err := client.GetJSON(t.Context(), "/", nil, nil); err != nil {
					t.Error(err)
				}
			}
			if diff := cmp.Diff(seconds(0, 4, 8), at()); diff != "" {
				t.Error(diff)
			}
		})
	})

	t.Run("counts retries, which also wait as long as the server asks", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			cfg := httpclient.Config{RequestsPerSecond: 1, RetryMinWait: time.Millisecond}
			client, at := pacedAPI(t, cfg, "", 503)
			if err := client.GetJSON(t.Context(), "/", nil, nil); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(seconds(0, 1), at()); diff != "" {
				t.Error(diff)
			}
			client, at = pacedAPI(t, cfg, "9", 429)
			if err := client.GetJSON(t.Context(), "/", nil, nil); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(seconds(0, 9), at()); diff != "" {
				t.Error(diff)
			}
		})
	})

	t.Run("is waited for outside of the timeout of an attempt", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client, at := pacedAPI(t, httpclient.Config{RequestsPerSecond: 0.01, Timeout: time.Second}, "")
			for range 2 {
				if err := client.GetJSON(t.Context(), "/", nil, nil); err != nil {
					t.Error(err)
				}
			}
			if diff := cmp.Diff(seconds(0, 100), at()); diff != "" {
				t.Error(diff)
			}
		})
	})

	t.Run("isn't waited for beyond the context, and takes no turn then", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client, at := pacedAPI(t, httpclient.Config{RequestsPerSecond: 0.1}, "")
			began := time.Now()
			if err := client.GetJSON(t.Context(), "/", nil, nil); err != nil {
				t.Error(err)
			}
			short, cancelShort := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancelShort()
			err := client.GetJSON(short, "/", nil, nil)
			want := "GET http://api.example/: waiting for the limit of 0.1 requests a second: context deadline exceeded"
			if !errors.Is(err, context.DeadlineExceeded) || err.Error() != want || time.Since(began) > 0 {
				t.Errorf("got %v after %v, want %s", err, time.Since(began), want)
			}
			ending, cancel := context.WithCancel(t.Context())
			time.AfterFunc(3*time.Second, cancel)
			err = client.GetJSON(ending, "/", nil, nil)
			if !errors.Is(err, context.Canceled) || time.Since(began) != 3*time.Second {
				t.Errorf("got %v after %v", err, time.Since(began))
			}
			if err := client.GetJSON(t.Context(), "/", nil, nil); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(seconds(0, 10), at()); diff != "" {
				t.Error(diff)
			}
		})
	})

	t.Run("that a retry can't keep within the context says why there was one", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			client, _ := pacedAPI(t, httpclient.Config{RequestsPerSecond: 0.1, RetryMinWait: 1}, "", 503)
			err := client.GetJSON(ctx, "/", nil, nil)
			want := "GET http://api.example/: attempt 1: waiting for the limit of 0.1 requests a second: context deadline exceeded; before that: 503 Service Unavailable"
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	})
}

func TestPaceConfig(t *testing.T) {
	t.Parallel()
	for rate, shown := range map[float64]string{-1: "-1", math.NaN(): "NaN", math.Inf(1): "+Inf"} {
		err := httpclient.Config{BaseURL: "http://api.example", RequestsPerSecond: rate, Burst: -2}.Validate()
		want := "requests_per_second: " + shown + " is not a number of requests: it must be 0 or more\nburst: -2 is negative"
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

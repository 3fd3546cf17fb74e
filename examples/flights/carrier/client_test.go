package carrier_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx/fxtest"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/examples/flights/carrier"
	"github.com/fxrun/fxrun/examples/flights/carrierapi"
	"github.com/fxrun/fxrun/examples/flights/data"
	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/rows"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "open sesame"

func credentials() *carrier.Credentials {
	return carrier.NewCredentials(carrier.CredentialsConfig{User: "demo", Password: container.NewSecret(password)})
}

// serve runs handler for the test and returns where.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	url, stop, err := carrierapi.Start(handler)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return url
}

func api(flights []delays.Flight) http.Handler {
	return carrierapi.New(flights, carrierapi.Credentials{User: "demo", Password: password})
}

// started returns a client that is stopped when the test ends.
func started(t *testing.T, url string) *carrier.Client {
	t.Helper()
	lc := fxtest.NewLifecycle(t)
	client := carrier.New(lc, carrier.Config{URL: url, Timeout: time.Minute}, credentials())
	lc.RequireStart()
	t.Cleanup(func() { lc.RequireStop() })
	return client
}

// all reads every page.
func all(pages iter.Seq2[[]delays.Flight, error]) ([]delays.Flight, error) {
	return rows.Collect(rows.Each(pages))
}

func TestAllFlightsArriveThroughThePages(t *testing.T) {
	t.Parallel()
	want, err := delays.ParseFlights(data.FlightsJSON())
	if err != nil {
		t.Fatal(err)
	}
	client := started(t, serve(t, api(want)))
	months, err := client.Months(t.Context())
	if diff := cmp.Diff([]string{"2001-01", "2001-02", "2001-03"}, months); diff != "" || err != nil {
		t.Fatalf("%v\n%s", err, diff)
	}
	parts := make([][]delays.Flight, len(months))
	var wait sync.WaitGroup
	for i, month := range months {
		wait.Go(func() {
			var err error
			if parts[i], err = all(client.Flights(t.Context(), month)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	var got []delays.Flight
	for _, part := range parts {
		got = append(got, part...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("given to the API (-), fetched (+):\n%s", diff)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	// counting is an API of three pages that counts what is asked for, and
	// breaks on a page.
	counting := func(t *testing.T, broken int) (client *carrier.Client, asked *atomic.Int32) {
		asked = &atomic.Int32{}
		whole := api(make([]delays.Flight, 2*carrierapi.PageSize+1))
		return started(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/flights" && int(asked.Add(1)) == broken {
				http.Error(w, "", http.StatusBadGateway)
				return
			}
			whole.ServeHTTP(w, r)
		}))), asked
	}
	month := delays.Flight{}.Month()

	t.Run("none is fetched before it is asked for", func(t *testing.T) {
		t.Parallel()
		client, asked := counting(t, 0)
		pages := client.Flights(t.Context(), month)
		if n := asked.Load(); n != 0 {
			t.Errorf("%d were fetched before the first was asked for", n)
		}
		for page, err := range pages {
			if err != nil || len(page) != carrierapi.PageSize {
				t.Errorf("the first page has %d flights, error %v", len(page), err)
			}
			break
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("%d were fetched, want 1", n)
		}
	})
	t.Run("they can be read again, from the first", func(t *testing.T) {
		t.Parallel()
		client, asked := counting(t, 0)
		pages := client.Flights(t.Context(), month)
		for range 2 {
			if flights, err := all(pages); err != nil || len(flights) != 2*carrierapi.PageSize+1 {
				t.Errorf("got %d flights, error %v", len(flights), err)
			}
		}
		if n := asked.Load(); n != 6 {
			t.Errorf("%d were fetched, want 6", n)
		}
	})
	t.Run("one that fails ends them", func(t *testing.T) {
		t.Parallel()
		client, asked := counting(t, 2)
		flights, err := all(client.Flights(t.Context(), month))
		if len(flights) != carrierapi.PageSize || err == nil || err.Error() != "fetching the flights of "+month+", page 2: the API answered 502 Bad Gateway" {
			t.Errorf("got %d flights, error %v", len(flights), err)
		}
		if n := asked.Load(); n != 2 {
			t.Errorf("%d were fetched, want 2", n)
		}
	})
}

func TestFlights(t *testing.T) {
	t.Parallel()
	client := started(t, serve(t, api(nil)))
	t.Run("a month without flights gives none", func(t *testing.T) {
		if got, err := all(client.Flights(t.Context(), "2001-09")); err != nil || len(got) != 0 {
			t.Errorf("got %v, %v", got, err)
		}
	})
	t.Run("a bad month is the API's refusal", func(t *testing.T) {
		_, err := all(client.Flights(t.Context(), "x&page=2"))
		var refusal *carrier.StatusError
		if !errors.As(err, &refusal) || refusal.Status != http.StatusBadRequest {
			t.Errorf("got %v", err)
		}
		const want = `fetching the flights of x&page=2, page 1: the API answered 400 Bad Request: month "x&page=2" is not like 2001-01`
		if err.Error() != want {
			t.Errorf("got  %v\nwant %v", err, want)
		}
	})
	t.Run("a context that ended ends the call", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := all(client.Flights(ctx, "2001-01")); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	url := serve(t, api(nil))
	t.Run("before the start and after the stop there is no token", func(t *testing.T) {
		lc := fxtest.NewLifecycle(t)
		client := carrier.New(lc, carrier.Config{URL: url}, credentials())
		if _, err := client.Months(t.Context()); !errors.Is(err, carrier.ErrNotStarted) {
			t.Errorf("before the start: %v", err)
		}
		lc.RequireStart()
		if _, err := client.Months(t.Context()); err != nil {
			t.Errorf("while it runs: %v", err)
		}
		lc.RequireStop()
		if _, err := all(client.Flights(t.Context(), "2001-01")); !errors.Is(err, carrier.ErrNotStarted) {
			t.Errorf("after the stop: %v", err)
		}
	})
	t.Run("the stop closes the client's connections", func(t *testing.T) {
		url, closed := watched(t)
		lc := fxtest.NewLifecycle(t)
		carrier.New(lc, carrier.Config{URL: url + "/"}, credentials())
		lc.RequireStart()
		lc.RequireStop()
		<-closed
	})
	t.Run("a start that fails closes them too", func(t *testing.T) {
		url, closed := watched(t)
		lc := fxtest.NewLifecycle(t)
		carrier.New(lc, carrier.Config{URL: url}, &carrier.Credentials{User: "demo"})
		if err := lc.Start(t.Context()); err == nil {
			t.Error("the start succeeded")
		}
		<-closed
	})
	t.Run("wrong credentials fail the start and are not told", func(t *testing.T) {
		lc := fxtest.NewLifecycle(t)
		secret := "not-the-password"
		carrier.New(lc, carrier.Config{URL: url}, &carrier.Credentials{User: "demo", Password: container.NewSecret(secret)})
		err := lc.Start(t.Context())
		const want = "logging in to the carrier's API: the API answered 401 Unauthorized: the user or the password is wrong"
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %v", err, want)
		}
	})
	t.Run("an API that is not there fails the start", func(t *testing.T) {
		server := httptest.NewServer(nil)
		server.Close()
		lc := fxtest.NewLifecycle(t)
		carrier.New(lc, carrier.Config{URL: server.URL}, credentials())
		err := lc.Start(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), "logging in to the carrier's API: Post ") || strings.Contains(err.Error(), password) {
			t.Errorf("got %v", err)
		}
	})
}

// watched is an API that tells when a connection is closed. It keeps idle ones
// open, so that it is the client who closes.
func watched(t *testing.T) (url string, closed <-chan struct{}) {
	t.Helper()
	ends := make(chan struct{}, 10)
	server := httptest.NewUnstartedServer(api(nil))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			ends <- struct{}{}
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, ends
}

// odd is an API that logs everybody in and then answers with the given text.
func odd(answer string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"token":"t"}`) })
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
	return mux
}

func TestOddAnswersAreErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, answer, want string }{
		{"a page that leads to itself", `{"next_page":1}`, "fetching the flights of 2001-01, page 1: the API goes back to page 1"},
		{"a page that leads back", `{"next_page":-1}`, "fetching the flights of 2001-01, page 1: the API goes back to page -1"},
		{"no JSON", `<html>`, "fetching the flights of 2001-01, page 1: reading the answer: invalid character '<' looking for beginning of value"},
		{"an answer without end", strings.Repeat(" ", 17<<20), "fetching the flights of 2001-01, page 1: reading the answer: it is larger than 16777216 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := all(started(t, serve(t, odd(test.answer))).Flights(t.Context(), "2001-01"))
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %v", err, test.want)
			}
		})
	}
	t.Run("a login without a token", func(t *testing.T) {
		t.Parallel()
		url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }))
		lc := fxtest.NewLifecycle(t)
		carrier.New(lc, carrier.Config{URL: url}, credentials())
		if err := lc.Start(t.Context()); err == nil || err.Error() != "logging in to the carrier's API: the API gave no token" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a redirect is not followed with the password", func(t *testing.T) {
		t.Parallel()
		var visits atomic.Int32
		thief := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
		url := serve(t, http.RedirectHandler(thief, http.StatusTemporaryRedirect))
		lc := fxtest.NewLifecycle(t)
		carrier.New(lc, carrier.Config{URL: url}, credentials())
		var refusal *carrier.StatusError
		if err := lc.Start(t.Context()); !errors.As(err, &refusal) || refusal.Status != http.StatusTemporaryRedirect {
			t.Errorf("got %v", err)
		}
		if visits.Load() != 0 {
			t.Error("the other place was visited")
		}
	})
}

func TestCredentialsDontShowThePassword(t *testing.T) {
	t.Parallel()
	if text := fmt.Sprintf("%v %+v %#v", *credentials(), credentials(), credentials()); strings.Contains(text, password) {
		t.Error("the password shows")
	}
}

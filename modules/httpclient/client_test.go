package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kelseyhightower/envconfig"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/httpclient"
)

// fast is a config with waits too short to notice.
func fast(url string) httpclient.Config {
	return httpclient.Config{BaseURL: url, RetryMinWait: time.Microsecond, RetryMaxWait: time.Millisecond}
}

// start returns a started client; it stops with the test.
func start(t *testing.T, cfg httpclient.Config) *httpclient.Client {
	t.Helper()
	var client *httpclient.Client
	app := fxtest.New(t, fx.Supply(cfg), fx.Provide(httpclient.New), fx.Populate(&client))
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	return client
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func echoAuthorization(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprintf(w, "%q", r.Header.Get("Authorization"))
}

func TestBearer(t *testing.T) {
	t.Parallel()

	t.Run("is sent from SetBearer on, and replaced by the next", func(t *testing.T) {
		t.Parallel()
		cfg := fast(serve(t, echoAuthorization).URL)
		cfg.Token = container.NewSecret("zero")
		client := start(t, cfg)
		var got [4]string
		steps := []func(){
			func() {},
			func() { client.SetBearer(container.NewSecret("one")) },
			func() { client.SetBearer(container.NewSecret("two")) },
			func() { client.SetBearer(container.Secret[string]{}) },
		}
		for i, step := range steps {
			step()
			if err := client.GetJSON(t.Context(), "/", nil, &got[i]); err != nil {
				t.Error(err)
			}
		}
		req, err := client.NewRequest(t.Context(), http.MethodGet, "/", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		client.SetBearer(container.NewSecret("three"))
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if len(req.Header) > 0 {
			t.Errorf("the caller's request was changed: %v", req.Header)
		}
		if diff := cmp.Diff([4]string{"Bearer zero", "Bearer one", "Bearer two", ""}, got); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("leaves a request's own Authorization header alone", func(t *testing.T) {
		t.Parallel()
		client := start(t, fast(serve(t, echoAuthorization).URL))
		client.SetBearer(container.NewSecret("one"))
		req, err := client.NewRequest(t.Context(), http.MethodGet, "login", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("me", "hunter2")
		var got string
		if err := client.DoJSON(req, &got); err != nil || !strings.HasPrefix(got, "Basic ") {
			t.Errorf("got %q, %v", got, err)
		}
	})

	t.Run("isn't sent to another host, by request or by redirect", func(t *testing.T) {
		t.Parallel()
		var referer atomic.Value
		other := serve(t, func(w http.ResponseWriter, r *http.Request) {
			referer.Store(r.Header.Get("Referer"))
			echoAuthorization(w, r)
		})
		api := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusFound)
		})
		client := start(t, fast(api.URL))
		client.SetBearer(container.NewSecret("one"))
		direct, err := http.NewRequestWithContext(t.Context(), http.MethodGet, other.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		redirected, err := client.NewRequest(t.Context(), http.MethodGet, "/", map[string][]string{"key": {"hunter2"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, req := range []*http.Request{direct, redirected} {
			got := "nothing"
			if err := client.DoJSON(req, &got); err != nil || got != "" || referer.Load() != "" {
				t.Errorf("%s: got %q, %v, with referer %v", req.URL, got, err, referer.Load())
			}
		}
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{}, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(echoAuthorization))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()

	lc := fxtest.NewLifecycle(t)
	client, err := httpclient.New(lc, fast(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	lc.RequireStart()
	if err := client.GetJSON(t.Context(), "", nil, nil); err != nil {
		t.Error(err)
	}
	lc.RequireStop()
	<-closed // the idle connection, or the test times out
}

func TestConfig(t *testing.T) {
	t.Run("refuses what a base URL can't be, without quoting it", func(t *testing.T) {
		for url, want := range map[string]string{
			"":                                  "base_url: want it to begin with http:// or https://",
			"api.example":                       "base_url: want it to begin with http:// or https://",
			"ftp://api.example":                 "base_url: want it to begin with http:// or https://",
			"https://":                          "base_url: no host",
			"https://me:hunter2@api.example":    "base_url: holds a user name or password, which would be shown with the config: use a token",
			"https://api.example?key=hunter":    "base_url: holds a query or a fragment: pass the query with each request",
			"https://me:hunter2/x@api.example":  "base_url: can't be read as a URL, and holds what may be a password",
			"https://me:hunter%zz2@api.example": "base_url: can't be read as a URL, and holds what may be a password",
			"https://hunter2@api.example:x":     `base_url: invalid port ":x" after host`,
		} {
			_, err := httpclient.New(fxtest.NewLifecycle(t), httpclient.Config{BaseURL: url})
			if err == nil || err.Error() != "configuring an HTTP client: "+want {
				t.Errorf("%s: got %v, want %s", url, err, want)
			}
		}
	})

	t.Run("reports every fault", func(t *testing.T) {
		err := httpclient.Config{BaseURL: "x", RetryMinWait: -1, RetryMaxWait: -2}.Validate()
		want := "base_url: want it to begin with http:// or https://\n" +
			"retry_min_wait: -1ns is negative\n" +
			"retry_max_wait: -2ns is less than retry_min_wait, -1ns"
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})

	t.Run("has in its tags the defaults that New uses", func(t *testing.T) {
		t.Setenv("API_BASE_URL", "https://api.example")
		var tagged httpclient.Config
		if err := envconfig.Process("api", &tagged); err != nil {
			t.Fatal(err)
		}
		written := httpclient.WithDefaults(httpclient.Config{BaseURL: "https://api.example"})
		if written != tagged {
			t.Errorf("in code %+v, in tags %+v", written, tagged)
		}
	})

	t.Run("doesn't show the token", func(t *testing.T) {
		cfg := httpclient.Config{Token: container.NewSecret("hunter2")}
		if text := fmt.Sprintf("%+v %#v", cfg, cfg); strings.Contains(text, "hunter2") {
			t.Error(text)
		}
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()

	t.Run("a body of the allowed size is read, one byte more isn't, and isn't asked for again", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int32
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			_, _ = io.WriteString(w, `"`+r.URL.Query().Get("text")+`"`)
		})
		cfg := fast(server.URL)
		cfg.MaxResponseBytes = 6
		client := start(t, cfg)
		var got string
		if err := client.GetJSON(t.Context(), "/", map[string][]string{"text": {"1234"}}, &got); err != nil || got != "1234" {
			t.Errorf("got %q, %v", got, err)
		}
		err := client.GetJSON(t.Context(), "/", map[string][]string{"text": {"12345"}}, &got)
		want := "GET " + server.URL + "/: reading the response: larger than allowed (6 bytes)"
		if !errors.Is(err, httpclient.ErrTooLarge) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if got := calls.Load(); got != 2 {
			t.Errorf("got %d calls, want 2", got)
		}
	})

	t.Run("the rest of a body that is too large isn't waited for", func(t *testing.T) {
		t.Parallel()
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := io.WriteString(w, "endless"); err != nil {
					return
				}
			}
		})
		cfg := fast(server.URL)
		cfg.MaxResponseBytes = 1 << 10
		// The test's own context would end the request when the test does.
		ctx := context.WithoutCancel(t.Context())
		if err := start(t, cfg).GetJSON(ctx, "/", nil, nil); !errors.Is(err, httpclient.ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	})

	t.Run("a streamed body ends at the limit", func(t *testing.T) {
		t.Parallel()
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "1234567") })
		cfg := fast(server.URL)
		cfg.MaxResponseBytes = 6
		client := start(t, cfg)
		req, err := client.NewRequest(t.Context(), http.MethodGet, "", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		got, err := io.ReadAll(resp.Body)
		if string(got) != "123456" || !errors.Is(err, httpclient.ErrTooLarge) {
			t.Errorf("got %q, %v", got, err)
		}
	})

	t.Run("an attempt ends with its timeout, and says so", func(t *testing.T) {
		t.Parallel()
		server := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		cfg := fast(server.URL)
		cfg.Timeout, cfg.MaxRetries = 20*time.Millisecond, 1
		err := start(t, cfg).GetJSON(t.Context(), "/", nil, nil)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "attempt 2: ") {
			t.Errorf("got %v", err)
		}
	})
}

package httpclient_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/httpclient"
)

func TestStatusError(t *testing.T) {
	t.Parallel()

	t.Run("says what was asked and what came, without secrets", func(t *testing.T) {
		t.Parallel()
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprintf(w, "not\n\x1b[31mallowed with %s", r.Header.Get("Authorization"))
		})
		cfg := fast(server.URL + "/v1")
		cfg.Token = container.NewSecret("hunter2")
		err := start(t, cfg).GetJSON(t.Context(), "orders", map[string][]string{"key": {"hunter2"}}, nil)
		var got *httpclient.StatusError
		if !errors.As(err, &got) {
			t.Fatalf("got %v", err)
		}
		want := &httpclient.StatusError{
			Method: "GET", URL: server.URL + "/v1/orders", StatusCode: 403,
			Body: "not [31mallowed with Bearer ******", RetryAfter: 120_000_000_000,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		text := "GET " + server.URL + "/v1/orders: 403 Forbidden: not [31mallowed with Bearer ******"
		if err.Error() != text {
			t.Errorf("got %v, want %s", err, text)
		}
	})

	t.Run("masks a token in every form in which a server repeats it", func(t *testing.T) {
		t.Parallel()
		const token, password = `hun/ter"2<`, "open/sesame"
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_ = json.NewEncoder(w).Encode(map[string]string{"token": token, "password": password})
			_, _ = fmt.Fprintf(w, "%q %s %s %s", token, url.QueryEscape(token), html.EscapeString(token), base64.StdEncoding.EncodeToString([]byte("x"+token)))
		})
		cfg := fast(server.URL)
		cfg.Token = container.NewSecret(token)
		client := start(t, cfg)
		bearer := client.GetJSON(t.Context(), "", nil, nil)
		req, err := client.NewRequest(t.Context(), http.MethodGet, "", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("me", password)
		basic := client.DoJSON(req, nil)
		if bearer == nil || strings.Contains(bearer.Error(), "ter") || strings.Contains(bearer.Error(), base64.StdEncoding.EncodeToString([]byte("x" + token))[4:12]) {
			t.Errorf("got %v", bearer)
		}
		if basic == nil || strings.Contains(basic.Error(), "sesame") {
			t.Errorf("got %v", basic)
		}
	})

	t.Run("keeps a short beginning of a long body", func(t *testing.T) {
		t.Parallel()
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, strings.Repeat("ü", 1<<20))
		})
		var got *httpclient.StatusError
		if err := start(t, fast(server.URL)).GetJSON(t.Context(), "", nil, nil); !errors.As(err, &got) {
			t.Fatalf("got %v", err)
		}
		if want := strings.Repeat("ü", 199) + "…"; got.Body != want {
			t.Errorf("got %q, want %q", got.Body, want)
		}
	})
}

func TestJSON(t *testing.T) {
	t.Parallel()

	t.Run("posts a value and decodes the answer", func(t *testing.T) {
		t.Parallel()
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, `["%s", "%s", "%s %s", %s]`,
				r.Method, r.URL, r.Header.Get("Content-Type"), r.Header.Get("Accept"), body)
		})
		var got []any
		err := start(t, fast(server.URL)).PostJSON(t.Context(), "orders", map[string]int{"id": 7}, &got)
		want := []any{"POST", "/orders", "application/json application/json", map[string]any{"id": 7.0}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
	})

	t.Run("says when the answer isn't one value of the type asked for", func(t *testing.T) {
		t.Parallel()
		server := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Query().Get("body")) })
		client := start(t, fast(server.URL))
		for body, want := range map[string]string{
			"":     "unexpected end of JSON input",
			"[1":   "unexpected end of JSON input",
			"1 2":  "invalid character '2' after top-level value",
			`"x"`:  "json: cannot unmarshal string into Go value of type int",
			"<!--": "invalid character '<' looking for beginning of value",
		} {
			err := client.GetJSON(t.Context(), "/", map[string][]string{"body": {body}}, new(int))
			want = "GET " + server.URL + "/: decoding the response: " + want
			if err == nil || err.Error() != want {
				t.Errorf("%q: got %v, want %s", body, err, want)
			}
		}
	})

	t.Run("says when a value can't be encoded", func(t *testing.T) {
		t.Parallel()
		err := newClient(t, "http://api.example").PostJSON(t.Context(), "orders", func() {}, nil)
		want := `making a POST request for "orders": json: unsupported type: func()`
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

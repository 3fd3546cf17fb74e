package httpclient_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/modules/httpclient"
)

func newClient(t testing.TB, baseURL string) *httpclient.Client {
	t.Helper()
	client, err := httpclient.New(fxtest.NewLifecycle(t), httpclient.Config{BaseURL: baseURL})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestNewRequest(t *testing.T) {
	t.Parallel()
	tests := []struct{ base, path, want string }{
		{"https://api.example", "", "https://api.example"},
		{"https://api.example", "orders", "https://api.example/orders"},
		{"https://api.example/", "/orders", "https://api.example/orders"},
		{"https://api.example/v1", "orders", "https://api.example/v1/orders"},
		{"https://api.example/v1/", "/orders/", "https://api.example/v1/orders/"},
		{"https://api.example/v1", "", "https://api.example/v1"},
		{"https://api.example/v1", "a b", "https://api.example/v1/a%20b"},
		{"https://api.example/v1", url.PathEscape("a/b?c"), "https://api.example/v1/a%2Fb%3Fc"},
		{"https://api.example/v1", "a..b", "https://api.example/v1/a..b"},
	}
	for _, test := range tests {
		req, err := newClient(t, test.base).NewRequest(t.Context(), http.MethodGet, test.path, nil, nil)
		if err != nil {
			t.Errorf("%s and %s: %v", test.base, test.path, err)
			continue
		}
		if got := req.URL.String(); got != test.want {
			t.Errorf("%s and %s: got %s, want %s", test.base, test.path, got, test.want)
		}
	}

	t.Run("adds the query, escaped", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, "https://api.example")
		req, err := client.NewRequest(t.Context(), http.MethodGet, "orders", url.Values{"day": {"1&2"}}, nil)
		if err != nil || req.URL.String() != "https://api.example/orders?day=1%262" {
			t.Errorf("got %v, %v", req.URL, err)
		}
	})

	t.Run("refuses a path that leaves the base, and doesn't quote its query", func(t *testing.T) {
		t.Parallel()
		client := newClient(t, "https://api.example/v1")
		for path, want := range map[string]string{
			"../admin":             "the path has . or .. in it",
			"%2e%2e/admin":         "the path has . or .. in it",
			"orders%2F..%2F..%2Fx": "the path has . or .. in it",
			"//evil.example":       "the path names another host",
			"https://evil.example": "the path names another host",
			"orders?key=hunter2":   "the path holds a query or a fragment: pass the query apart, and escape what comes from data",
			"%zz":                  `invalid URL escape "%zz"`,
		} {
			_, err := client.NewRequest(t.Context(), http.MethodGet, path, nil, nil)
			if err == nil || !strings.HasSuffix(err.Error(), ": "+want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: got %v, want %s", path, err, want)
			}
		}
	})
}

func FuzzNewRequest(f *testing.F) {
	for _, seed := range []string{"", "orders/7", "../x", "%2e%2e", "//x", "a%2fb", "?", "\x00", "./", "a\\..\\b"} {
		f.Add(seed)
	}
	client := newClient(f, "https://api.example/v1")
	f.Fuzz(func(t *testing.T, path string) {
		req, err := client.NewRequest(t.Context(), http.MethodGet, path, nil, nil)
		if err != nil {
			return
		}
		under := req.URL.Path == "/v1" || strings.HasPrefix(req.URL.Path, "/v1/")
		if req.URL.Host != "api.example" || req.URL.Scheme != "https" || !under || req.URL.RawQuery != "" {
			t.Errorf("%q gives %s", path, req.URL)
		}
	})
}

package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/server"
)

func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(config *server.Config) { config.Hosts = []string{"data.example"} })
	for name, c := range map[string]struct {
		method, path, body string
		header             []string
		want               int
	}{
		"a page for a name that is not ours":         {"GET", "/", "", []string{"Host", "evil.example"}, http.StatusMisdirectedRequest},
		"a page for a name that looks like ours":     {"GET", "/", "", []string{"Host", "data.example.evil.example"}, http.StatusMisdirectedRequest},
		"a page for our name":                        {"GET", "/", "", []string{"Host", "data.example:8443"}, http.StatusOK},
		"a page for another case of our name":        {"GET", "/", "", []string{"Host", "DATA.example"}, http.StatusOK},
		"a launch by a form of another site":         {"POST", "/launch", "select=slow", []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		"a launch by a form of a neighbour":          {"POST", "/launch", "select=slow", []string{"Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		"a launch by an old browser of another site": {"POST", "/launch", "select=slow", []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		"a launch that is larger than any config":    {"POST", "/launch", "yaml=" + strings.Repeat("a", 2<<20), nil, http.StatusRequestEntityTooLarge},
		"a path out of the files":                    {"GET", "/static/../../go.mod", "", nil, http.StatusTemporaryRedirect},
		"a path out of the files that is encoded":    {"GET", "/static/x/..%2f..%2fgo.mod", "", nil, http.StatusNotFound},
		"an asset whose key leads out of the values": {"GET", "/values/..%2f..%2fetc%2fpasswd", "", nil, http.StatusNotFound},
		"a method that no page has":                  {"DELETE", "/runs", "", nil, http.StatusMethodNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := s.do(c.method, c.path, c.body, c.header...); got.status != c.want {
				t.Errorf("the answer is %d, want %d", got.status, c.want)
			}
		})
	}
}

func TestEveryAnswerHasThePolicy(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for _, path := range []string{"/", "/nothing", "/healthz", "/launch"} {
		header := s.get(path).header
		if policy := header.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s has the policy %q", path, policy)
		}
	}
}

func TestAServerThatIsReadOnlyChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(config *server.Config) { config.ReadOnly = true })
	id := s.run("+broken")
	for _, path := range []string{"/launch", "/launch/check", "/runs", "/runs/" + id + "/retry", "/runs/" + id + "/cancel", "/resources/clock/check"} {
		if got := s.post(path, "select", "slow"); got.status != http.StatusForbidden {
			t.Errorf("%s answers %d", path, got.status)
		}
	}
	for _, path := range []string{"/", "/runs", "/runs/" + id, "/assets/broken", "/jobs/nightly"} {
		if page := s.get(path).body; strings.Contains(page, `method="post"`) && !strings.Contains(page, `action="/runs"`) || strings.Contains(page, ">Launch<") {
			t.Errorf("%s offers to change something", path)
		}
	}
}

const token = "correct-horse-battery"

func TestAToken(t *testing.T) {
	t.Parallel()
	withToken := func(config *server.Config) { config.Token = token }
	t.Run("is asked for by every page but that of the health", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withToken)
		for _, path := range allPages {
			if got := s.get(path); got.status != http.StatusUnauthorized || strings.Contains(got.body, "warehouse") {
				t.Errorf("%s answers %d", path, got.status)
			}
		}
		if got := s.get("/healthz"); got.status != http.StatusOK {
			t.Errorf("the health is answered by %d", got.status)
		}
	})
	t.Run("is taken from the header of a program", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withToken)
		if got := s.do(http.MethodGet, "/runs", "", "Authorization", "Bearer "+token); got.status != http.StatusOK {
			t.Errorf("the answer is %d", got.status)
		}
	})
	t.Run("is given once by a person, who goes on where they were", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withToken)
		if page := s.do(http.MethodGet, "/assets?q=a", "", "Accept", "text/html"); !strings.Contains(page.body, `value="/assets?q=a"`) {
			t.Errorf("the login page is\n%s", page.body)
		}
		got := s.post("/login", "token", token, "next", "/assets?q=a")
		cookie := got.header.Get("Set-Cookie")
		if got.status != http.StatusSeeOther || got.header.Get("Location") != "/assets?q=a" || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") || strings.Contains(cookie, token) {
			t.Fatalf("the login is answered by %d %v", got.status, got.header)
		}
		name, _, _ := strings.Cut(cookie, ";")
		if page := s.do(http.MethodGet, "/runs", "", "Cookie", name); page.status != http.StatusOK {
			t.Errorf("with the cookie the answer is %d", page.status)
		}
	})
	t.Run("does not lead away from the server", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withToken)
		for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)", ""} {
			if got := s.post("/login", "token", token, "next", next); got.header.Get("Location") != "/" {
				t.Errorf("%q leads to %q", next, got.header.Get("Location"))
			}
		}
	})
	t.Run("cannot be guessed quickly", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withToken)
		slowed := false
		for range 20 {
			slowed = slowed || s.post("/login", "token", "a wrong token of some length").status == http.StatusTooManyRequests
		}
		if !slowed {
			t.Error("twenty wrong tokens were looked at")
		}
	})
	t.Run("must be long", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, nil)
		if _, err := server.New(server.Config{Inspector: s.inspect, Launcher: s.launcher, Token: "short"}); err == nil || !strings.Contains(err.Error(), "16 characters") {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("is escaped where the login page repeats the address", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withToken)
		page := s.do(http.MethodGet, "/runs?tag="+url.QueryEscape(`"><script>alert(1)</script>`), "", "Accept", "text/html")
		if strings.Contains(page.body, "<script>") {
			t.Errorf("the login page is\n%s", page.body)
		}
	})
}

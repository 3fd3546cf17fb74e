package server_test

import (
	"bufio"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/server"
	"github.com/fxrun/fxrun/server/api"
)

// TestTheAPIIsGuardedAsThePages sends what a stranger, a page of a stranger or a confused
// program may send.
func TestTheAPIIsGuardedAsThePages(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(config *server.Config) { config.Hosts = []string{"data.example"} })
	const launch = `{"select": "slow"}`
	for name, c := range map[string]struct {
		method, path, body string
		header             []string
		want               int
	}{
		"a name that a stranger has given this address": {"GET", "/runs", "", []string{"Host", "evil.example"}, http.StatusMisdirectedRequest},
		"such a name with our name in it":               {"POST", "/runs", launch, []string{"Host", "127.0.0.1.evil.example"}, http.StatusMisdirectedRequest},
		"a host with a user before it":                  {"GET", "/runs", "", []string{"Host", "localhost@evil.example"}, http.StatusMisdirectedRequest},
		"JSON of another site":                          {"POST", "/runs", launch, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		"JSON of a neighbour":                           {"POST", "/runs", launch, []string{"Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		"JSON of an old browser":                        {"POST", "/runs", launch, []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		"JSON of a page without an origin":              {"POST", "/runs", launch, []string{"Origin", "null"}, http.StatusForbidden},
		"JSON as text, which needs no preflight":        {"POST", "/runs", launch, []string{"Content-Type", "text/plain"}, http.StatusUnsupportedMediaType},
		"a form":                                        {"POST", "/runs", "select=slow", []string{"Content-Type", "application/x-www-form-urlencoded"}, http.StatusUnsupportedMediaType},
		"a form with files":                             {"POST", "/runs", launch, []string{"Content-Type", "multipart/form-data; boundary=x"}, http.StatusUnsupportedMediaType},
		"a broken content type":                         {"POST", "/runs", launch, []string{"Content-Type", "application/json; charset"}, http.StatusUnsupportedMediaType},
		"a compressed body":                             {"POST", "/runs", gzipped(t, launch), []string{"Content-Encoding", "gzip"}, http.StatusUnsupportedMediaType},
		"a method by a header":                          {"POST", "/runs/x", "{}", []string{"X-HTTP-Method-Override", "GET"}, http.StatusMethodNotAllowed},
		"a method that is not possible":                 {"DELETE", "/runs", "", nil, http.StatusMethodNotAllowed},
		"a preflight of another site":                   {"OPTIONS", "/runs", "", []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST"}, http.StatusMethodNotAllowed},
		"a body of two megabytes":                       {"POST", "/runs", `{"select": "` + strings.Repeat("a", 2<<20) + `"}`, nil, http.StatusRequestEntityTooLarge},
		"an operation that does not exist":              {"GET", "/secrets", "", nil, http.StatusNotFound},
		"an asset with a plain slash":                   {"GET", "/assets/raw/orders", "", nil, http.StatusNotFound},
		"an asset with an encoded slash":                {"GET", "/assets/raw%2Forders", "", nil, http.StatusOK},
		"an asset with a slash that is encoded twice":   {"GET", "/assets/raw%252Forders", "", nil, http.StatusNotFound},
		"an asset out of the tree":                      {"GET", "/assets/..%2F..%2Fetc%2Fpasswd", "", nil, http.StatusNotFound},
		"a value out of the tree":                       {"GET", "/values/..%2F..%2Fetc%2Fpasswd", "", nil, http.StatusNotFound},
		"a value of dots":                               {"GET", "/values/%2E%2E", "", nil, http.StatusNotFound},
		"an asset with a backslash":                     {"GET", "/assets/raw%5Corders", "", nil, http.StatusNotFound},
		"an asset in other letters":                     {"GET", "/assets/" + url.PathEscape("räw/оrders"), "", nil, http.StatusNotFound},
		"an asset with a zero byte":                     {"GET", "/assets/raw%00orders", "", nil, http.StatusBadRequest},
		"an asset with line breaks":                     {"GET", "/assets/raw%0d%0aX-A:%20b", "", nil, http.StatusBadRequest},
		"an asset that is not UTF-8":                    {"GET", "/assets/raw%ff", "", nil, http.StatusBadRequest},
		"a run with wildcards":                          {"GET", "/runs/%25", "", nil, http.StatusNotFound},
		"a run with a quote":                            {"GET", "/runs/" + url.PathEscape(`' or 1=1 --`), "", nil, http.StatusNotFound},
		"a page after nonsense":                         {"GET", "/runs?before=nonsense", "", nil, http.StatusBadRequest},
		"a page after a zero byte":                      {"GET", "/runs?before=%00", "", nil, http.StatusBadRequest},
		"a limit of zero":                               {"GET", "/runs?limit=0", "", nil, http.StatusBadRequest},
		"a limit below zero":                            {"GET", "/runs?limit=-1", "", nil, http.StatusBadRequest},
		"a limit that is too large":                     {"GET", "/runs?limit=100000", "", nil, http.StatusBadRequest},
		"a limit that no number holds":                  {"GET", "/runs?limit=99999999999999999999", "", nil, http.StatusBadRequest},
		"a limit that is given twice":                   {"GET", "/runs?limit=1&limit=2", "", nil, http.StatusBadRequest},
		"a parameter that does not exist":               {"GET", "/runs?jbo=nightly", "", nil, http.StatusBadRequest},
		"a parameter that is empty":                     {"GET", "/runs?job=", "", nil, http.StatusBadRequest},
		"a query that is not encoded":                   {"GET", "/runs?job=%zz", "", nil, http.StatusBadRequest},
		"a query with semicolons":                       {"GET", "/runs?job=a;limit=1", "", nil, http.StatusBadRequest},
		"a status that does not exist":                  {"GET", "/runs?status=suceeded", "", nil, http.StatusBadRequest},
		"a tag without a value":                         {"GET", "/runs?tag=a", "", nil, http.StatusBadRequest},
		"a level that does not exist":                   {"GET", "/runs/x/log?level=loud", "", nil, http.StatusBadRequest},
		"a selection that cannot be read":               {"GET", "/assets?select=" + url.QueryEscape("((("), "", nil, http.StatusUnprocessableEntity},
		"a job and a selection":                         {"GET", "/graph?job=nightly&select=slow", "", nil, http.StatusUnprocessableEntity},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := c.header
			if c.body != "" && !strings.Contains(strings.Join(header, " "), "Content-Type") {
				header = append([]string{"Content-Type", "application/json"}, header...)
			}
			got := s.do(c.method, "/api/v1"+c.path, c.body, header...)
			if got.status != c.want {
				t.Fatalf("the answer is %d, want %d: %s", got.status, c.want, got.body)
			}
			if c.want != http.StatusOK && c.want != http.StatusBadRequest {
				problem(t, got)
			}
			if allowed := got.header.Get("Access-Control-Allow-Origin"); allowed != "" {
				t.Errorf("another site may read the answer: %s", allowed)
			}
		})
	}
	t.Run("nothing of this has launched a run", func(t *testing.T) {
		if list, err := s.inspect.Runs(t.Context(), history.RunQuery{}); err != nil || len(list) > 0 {
			t.Errorf("there are %d runs, %v", len(list), err)
		}
	})
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// wrongBodies are bodies that are no launch, with a part of what the answer says.
var wrongBodies = map[string]struct{ body, want string }{
	"no JSON":                           {`{"job":`, "ends too early"},
	"a comment":                         {`{"job": "nightly" /* all */}`, "not valid JSON"},
	"a comma too many":                  {`{"job": "nightly",}`, "not valid JSON"},
	"two values":                        {`{"job": "nightly"} {"job": "other"}`, "not valid JSON"},
	"a list":                            {`["nightly"]`, "must be an object"},
	"null":                              {`null`, "must be an object"},
	"a field that does not exist":       {`{"jbo": "nightly"}`, `did you mean "job"`},
	"a field in other letters":          {`{"Job": "nightly"}`, "no such field"},
	"a field that is given twice":       {`{"job": "nightly", "job": "other"}`, "job (line 1, column"},
	"a key of the config twice":         {`{"job": "nightly", "config": {"resources": {}, "resources": {}}}`, "given twice"},
	"a field of a setting":              {`{"job": "nightly", "set": [{"path": "a", "value": "b"}]}`, "set[0].value"},
	"a setting without a value":         {`{"job": "nightly", "set": [{"path": "resources.warehouse.config.table"}]}`, "either text or yaml"},
	"a setting of no field":             {`{"job": "nightly", "set": [{"path": "warehouse", "text": "a"}]}`, "set[0]"},
	"a number for a text":               {`{"job": 1}`, "it cannot be this number"},
	"a text for a number":               {`{"job": "nightly", "priority": "1"}`, "it cannot be a text"},
	"a number that is too large":        {`{"job": "nightly", "priority": 99999999999999999999}`, "priority"},
	"half a number":                     {`{"job": "nightly", "priority": 1.5}`, "priority"},
	"bytes that are not UTF-8":          {"{\"job\": \"night\xff\"}", "not valid UTF-8"},
	"a zero character":                  {`{"select": "slow", "tags": {"a": "b\\\u0000"}}`, "U+0000"},
	"an ID with a line break":           {`{"select": "slow", "id": "a\nb"}`, "id: it must have no spaces"},
	"an ID that is too long":            {`{"select": "slow", "id": "` + strings.Repeat("a", 201) + `"}`, "id: it must have no spaces"},
	"half a surrogate":                  {`{"job": "night\ud800"}`, "job"},
	"a duration that is none":           {`{"job": "nightly", "timeout": "soon"}`, "timeout: it must be a duration"},
	"a duration below zero":             {`{"job": "nightly", "timeout": "-1s"}`, "timeout: it must be a duration"},
	"a wait without retries":            {`{"job": "nightly", "retry_wait": "1s"}`, "retry_wait needs retries"},
	"a policy that does not exist":      {`{"job": "nightly", "on_crash": "panic"}`, "on_crash"},
	"nothing to run":                    {`{}`, "give the job or the assets"},
	"blanks to run":                     {`{"job": " "}`, "give the job or the assets"},
	"a job and a selection":             {`{"job": "nightly", "select": "slow"}`, "exclude each other"},
	"a job that does not exist":         {`{"job": "nightli"}`, `did you mean "nightly"`},
	"a selection that cannot be read":   {`{"select": "((("}`, "parenthesis is not closed"},
	"a tag that is reserved":            {`{"select": "slow", "tags": {"fxrun/retry_of": "x"}}`, "fxrun/"},
	"a config that is deeply nested":    {`{"job": "nightly", "config": ` + strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000) + `}`, ""},
	"YAML that grows without end":       {`{"job": "nightly", "config_yaml": ["a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]"]}`, ""},
	"a queued run with a secret":        {`{"job": "nightly", "queue": true, "config": {"resources": {"warehouse": {"config": {"table": "a", "password": "hunter2hunter2"}}}}}`, "password"},
	"a secret where a number should be": {`{"job": "nightly", "config": {"resources": {"warehouse": {"config": {"table": "a", "password": "hunter2hunter2", "max_conns": "hunter2hunter2"}}}}}`, "max_conns"},
}

func TestAWrongBodyIsRefusedAndSaysWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for name, c := range wrongBodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.send("/runs", c.body)
			told := problem(t, got)
			if told.Status != http.StatusBadRequest && told.Status != http.StatusUnprocessableEntity || !strings.Contains(told.Detail, c.want) {
				t.Errorf("the answer is %+v", told)
			}
			if strings.Contains(got.body, "hunter2") {
				t.Errorf("the answer has the secret: %s", got.body)
			}
		})
	}
	t.Run("nothing of this has launched a run", func(t *testing.T) {
		if list, err := s.inspect.Runs(t.Context(), history.RunQuery{}); err != nil || len(list) > 0 {
			t.Errorf("there are %d runs, %v", len(list), err)
		}
	})
}

// FuzzTheAPI sends bodies and paths: each is answered by JSON, never by a fault of the
// server, and no check launches anything.
func FuzzTheAPI(f *testing.F) {
	for _, c := range wrongBodies {
		f.Add("/launch-checks", c.body)
	}
	for _, path := range []string{"/runs?limit=1&tag=a=b", "/runs/x/events?after=1", "/assets/raw%2Forders?limit=1", "/graph?select=%2Brevenue", "/resources/warehouse?job=nightly", "//runs", "/../..", "/runs/%zz"} {
		f.Add(path, "")
	}
	s := newSite(f, nil)
	f.Fuzz(func(t *testing.T, path, body string) {
		target, err := url.ParseRequestURI("/api/v1" + path)
		if err != nil || strings.HasSuffix(target.Path, "/health-check") {
			t.Skip("it is no path, or starts something")
		}
		request := &http.Request{Method: http.MethodGet, URL: target, RequestURI: target.RequestURI(), Host: "localhost", Header: make(http.Header), Body: http.NoBody}
		if body != "" {
			request.Method, target.Path, target.RawPath, target.RawQuery = http.MethodPost, "/api/v1/launch-checks", "", ""
			request.Header.Set("Content-Type", "application/json")
			request.Body = io.NopCloser(strings.NewReader(body))
		}
		answer := httptest.NewRecorder()
		s.handler.ServeHTTP(answer, request.WithContext(t.Context()))
		if answer.Code >= http.StatusInternalServerError {
			t.Errorf("%q with %q is answered by %d: %s", path, body, answer.Code, answer.Body)
		}
		kind := answer.Header().Get("Content-Type")
		if strings.HasPrefix(target.Path, "/api/v1/") && answer.Code < 300 && kind != "application/json" || body != "" && answer.Code >= 400 && kind != api.ProblemType {
			t.Errorf("%q with %q is answered by %d as %s", path, body, answer.Code, kind)
		}
		if records, err := s.inspect.Runs(t.Context(), history.RunQuery{}); err != nil || len(records) > 0 {
			t.Errorf("%q with %q has launched %d runs, %v", path, body, len(records), err)
		}
	})
}

func TestTheTokenOfTheAPI(t *testing.T) {
	t.Parallel()
	withToken := func(config *server.Config) { config.Token = token }
	t.Run("is asked for by every operation", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withToken)
		for _, path := range []string{"/health", "/openapi.json", "/definitions", "/runs", "/instance", "/nothing"} {
			got := s.get("/api/v1" + path)
			if told := problem(t, got); told.Status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s is answered by %+v", path, told)
			}
		}
		if told := problem(t, s.send("/runs", `{"select": "slow"}`)); told.Status != http.StatusUnauthorized {
			t.Errorf("the launch is answered by %+v", told)
		}
	})
	t.Run("is taken in its place alone", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withToken)
		for name, header := range map[string][]string{
			"the query": nil, "another scheme": {"Authorization", "Basic " + token}, "no scheme": {"Authorization", token},
			"a cookie": {"Cookie", "fxrun=" + token}, "a header of a proxy": {"X-Forwarded-User", "admin"}, "a part": {"Authorization", "Bearer " + token[:len(token)-1]},
			"the token with more": {"Authorization", "Bearer " + token + "x"},
		} {
			if got := s.do(http.MethodGet, "/api/v1/runs?token="+token, "", header...); got.status != http.StatusUnauthorized {
				t.Errorf("%s is answered by %d", name, got.status)
			}
		}
		if got := s.do(http.MethodGet, "/api/v1/runs", "", "Authorization", "Bearer "+token); got.status != http.StatusOK {
			t.Errorf("the token is answered by %d", got.status)
		}
	})
	t.Run("cannot be guessed quickly", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withToken)
		slowed := false
		for range 20 {
			got := s.do(http.MethodGet, "/api/v1/runs", "", "Authorization", "Bearer a wrong token of some length")
			slowed = slowed || problem(t, got).Status == http.StatusTooManyRequests && got.header.Get("Retry-After") != ""
		}
		if !slowed {
			t.Error("twenty wrong tokens were looked at")
		}
	})
}

func TestAnAPIThatIsReadOnlyChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(config *server.Config) { config.ReadOnly = true })
	id := s.run("+broken")
	for _, path := range []string{"/runs", "/launch-checks", "/runs/" + id + "/retry", "/runs/" + id + "/cancel", "/resources/clock/health-check", "/schedules/x/switch"} {
		if told := problem(t, s.send(path, `{"select": "slow"}`)); told.Status != http.StatusForbidden {
			t.Errorf("%s is answered by %+v", path, told)
		}
	}
	if got := s.get("/api/v1/runs/" + id); got.status != http.StatusOK {
		t.Errorf("the run is answered by %d", got.status)
	}
}

// TestRequestsThatAreTwoAtOnceAreRefused writes requests that a proxy and the server could
// read in two ways.
func TestRequestsThatAreTwoAtOnceAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for name, request := range map[string]string{
		"two lengths":               "POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 30\r\n\r\n{}",
		"a length and chunks":       "POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
		"two hosts":                 "GET /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
		"no host":                   "GET /api/v1/runs HTTP/1.1\r\n\r\n",
		"an address of another":     "GET http://evil.example/api/v1/runs HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"a header name with blanks": "GET /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nAuthorization : Bearer x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = connection.Close() }()
			if _, err := connection.Write([]byte(request)); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(connection).ReadString('\n')
			if err != nil || !strings.Contains(line, " 4") && !strings.Contains(line, " 501") {
				t.Errorf("the answer begins with %q, %v", line, err)
			}
		})
	}
}

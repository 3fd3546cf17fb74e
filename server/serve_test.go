package server_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// served serves the handler of a site with Server.Serve, and returns the address, what ends
// it, and its error.
func served(t *testing.T, s *site, drain time.Duration) (address string, stop func(), ended <-chan error) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	result := make(chan error, 1)
	go func() { result <- s.handler.Serve(ctx, listener, drain) }()
	return "http://" + listener.Addr().String(), cancel, result
}

func newClient(t *testing.T) *http.Client {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// statusOf sends a request and returns the status of the answer.
func statusOf(t *testing.T, client *http.Client, address string, header ...string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

func TestServeEndsItsStreamsAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	address, stop, ended := served(t, s, time.Minute)
	run, err := s.launcher.Launch(t.Context(), runs.Request{Selection: "slow"})
	if err != nil {
		t.Fatal(err)
	}
	s.waitFor(run.ID(), history.StatusRunning)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/runs/"+run.ID()+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := newClient(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Body.Close() }()
	lines := bufio.NewScanner(stream.Body)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		t.Fatal("the stream has no line")
	}
	began := time.Now()
	stop()
	for lines.Scan() { // it ends, though the run goes on
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("the end took %v", took)
	}
	if _, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(address, "http://")); err == nil {
		t.Error("the listener is still open")
	}
	close(s.opened)
	if err := run.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestServeWaitsForOpenRequestsAndNoLonger(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	address, stop, ended := served(t, s, 50*time.Millisecond)
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	// The server answers a form whose body never comes only after a time, and tells by 100
	// Continue that it waits for it.
	const request = "POST /launch/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
	if _, err := connection.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(connection).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("the server says %q, %v", line, err)
	}
	stop()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "waiting for open requests") {
		t.Errorf("got %v", err)
	}
}

func TestServeRefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	address, stop, ended := served(t, s, time.Minute)
	client := newClient(t)
	if got := statusOf(t, client, address+"/", "X-Long", strings.Repeat("x", 1<<20)); got != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of a megabyte is answered by %d", got)
	}
	got := s.post("/launch", "select", "slow", "yaml", strings.Repeat("# x\n", 1<<19))
	if got.status == http.StatusSeeOther || got.status == http.StatusInternalServerError {
		t.Errorf("a body of two megabytes is answered by %d", got.status)
	}
	if got := statusOf(t, client, address+"/assets/"+url.PathEscape("../../etc/passwd")); got != http.StatusNotFound {
		t.Errorf("a path out of the tree is answered by %d", got)
	}
	client.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// FuzzLaunchCheck sends forms of the launch page: each is answered by the page, or by what
// is wrong with it, and launches nothing.
func FuzzLaunchCheck(f *testing.F) {
	for _, form := range []string{
		"", "job=nightly", "job=nightly&yaml=resources%3A+%7B%7D", "select=%2Bbroken&yaml=a%3A+%5B", "job=none&select=x",
		"job=nightly&changed=resources.warehouse.config.table&resources.warehouse.config.table=a",
		"job=nightly&changed=resources.warehouse.config.max_conns&resources.warehouse.config.max_conns=%7Benv%3A+X%7D&yaml=resources%3A+text",
		"changed=x", "job=nightly&changed=resources..config.&yaml=%00", "%zz", "select=" + url.QueryEscape(markup) + "&tags=" + url.QueryEscape(markup),
	} {
		f.Add(form)
	}
	f.Fuzz(func(t *testing.T, form string) {
		s := newSite(t, nil)
		got := s.do(http.MethodPost, "/launch/check", form+"&", "Sec-Fetch-Site", "same-origin", "HX-Request", "true")
		if got.status >= http.StatusInternalServerError {
			t.Errorf("%q is answered by %d:\n%s", form, got.status, textOf(got.body))
		}
		if strings.Contains(got.body, "<script>alert") || strings.Contains(got.body, "<img") {
			t.Errorf("%q is answered with markup:\n%s", form, got.body)
		}
		if records, err := s.inspect.Runs(t.Context(), history.RunQuery{}); err != nil || len(records) > 0 {
			t.Errorf("%q has launched %d runs, %v", form, len(records), err)
		}
	})
}

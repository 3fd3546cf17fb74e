package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/runs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts the application on a free port.
func start(t *testing.T, options ...fx.Option) (app *fxtest.App, url string, launcher *runs.Launcher) {
	t.Helper()
	t.Setenv("FXRUN_HOME", t.TempDir())
	var server *Server
	app = fxtest.New(t, Application(), fx.Supply(Address("127.0.0.1:0")),
		fx.Options(options...), fx.Populate(&server, &launcher))
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	return app, server.URL(), launcher
}

func christmas() *Clock {
	return &Clock{func() time.Time { return time.Date(2026, time.December, 25, 8, 0, 0, 0, time.UTC) }}
}

var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func send(t *testing.T, method, url, body string) (status int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// launch launches a run and returns its ID.
func launch(t *testing.T, url, body string) (id string) {
	t.Helper()
	status, answer := send(t, http.MethodPost, url+"/runs", body)
	var record history.Record
	if err := json.Unmarshal([]byte(answer), &record); err != nil || status != http.StatusAccepted || record.ID == "" {
		t.Fatalf("launching %s: %d %s (%v)", body, status, answer, err)
	}
	return record.ID
}

// A fake given to the application takes the clock's place in every run.
func TestRunByHTTP(t *testing.T) {
	_, url, launcher := start(t, fx.Replace(christmas()))
	id := launch(t, url, `{"job": "report", "tags": {"by": "test"}}`)
	if run, ok := launcher.Active(id); ok { // else it has ended already
		if err := run.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	status, answer := send(t, http.MethodGet, url+"/runs/"+id, "")
	var record history.Record
	if err := json.Unmarshal([]byte(answer), &record); err != nil || status != http.StatusOK {
		t.Fatalf("got %d %s (%v)", status, answer, err)
	}
	if record.Status != history.StatusSucceeded || len(record.Steps) != 2 || record.Tags["by"] != "test" {
		t.Errorf("got %s", answer)
	}
	report, err := runs.Value[Report](t.Context(), launcher, "report")
	if err != nil || report != "It is Friday, 25 December 2026.\n" {
		t.Errorf("got %q (%v)", report, err)
	}
}

func TestBadRequests(t *testing.T) {
	_, url, _ := start(t)
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/runs", `{"job": "reprot"}`, http.StatusBadRequest, `did you mean "report"?`},
		{"POST", "/runs", `{"job": "report", "config": {"resources": {"clok": {"config": {"zone": "UTC"}}}}}`, http.StatusBadRequest, `did you mean "clock"?`},
		{"POST", "/runs", `{"job": "report", "config": {"resources": {"clock": {"config": {"zone": "Moon"}}}}}`, http.StatusBadRequest, "unknown time zone Moon"},
		{"POST", "/runs", `{"name": "report"}`, http.StatusBadRequest, `unknown field "name"`},
		{"GET", "/runs/none", ``, http.StatusNotFound, "no such run"},
	} {
		status, answer := send(t, test.method, url+test.path, test.body)
		if status != test.status || !strings.Contains(answer, test.want) {
			t.Errorf("%s: got %d %s, want %d and %s", test.body, status, answer, test.status, test.want)
		}
	}
}

func TestStopWaitsForRuns(t *testing.T) {
	reached, release := make(chan struct{}), make(chan struct{})
	app, url, _ := start(t, fx.Replace(&Clock{func() time.Time {
		close(reached)
		<-release
		return christmas().Now()
	}}))
	id := launch(t, url, `{"job": "report"}`)
	<-reached
	stopped := make(chan error)
	go func() { stopped <- app.Stop(context.Background()) }()
	for address := strings.TrimPrefix(url, "http://"); ; { // the server is the first to stop
		connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			break
		}
		connection.Close()
	}
	select {
	case err := <-stopped:
		t.Fatalf("the application stopped under a run: %v", err)
	default:
	}
	close(release)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}

	store, err := sqlite.Open(t.Context(), os.Getenv("FXRUN_HOME"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	record, err := history.Find(t.Context(), store, id)
	if err != nil || record.Status != history.StatusSucceeded {
		t.Errorf("the history says %s (%v)", record.Status, err)
	}
	if _, err := os.Stat(filepath.Join(os.Getenv("FXRUN_HOME"), "values", "report.txt")); err != nil {
		t.Error(err)
	}
}

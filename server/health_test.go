package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
)

// failingStore is a history that can be away.
type failingStore struct {
	history.Store
	away *atomic.Bool
}

func (f failingStore) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	if f.away.Load() {
		return nil, errors.New("secret-host-7 does not answer")
	}
	return f.Store.Runs(ctx, query)
}

func TestTheServerSaysWhetherItIsReady(t *testing.T) {
	t.Parallel()
	const token = "a-token-of-many-letters"
	t.Run("everybody may ask, under every host name, and learns little", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, func(config *server.Config) { config.Token, config.Prefix = token, "/fx" })
		for path, want := range map[string]string{"/fx/healthz": "ok\n", "/fx/readyz": "ready\n"} {
			if got := s.do(http.MethodGet, path, "", "Host", "10.1.2.3:8080"); got.status != http.StatusOK || got.body != want {
				t.Errorf("%s answers %d: %s", path, got.status, got.body)
			}
		}
		if got := s.get("/fx/metrics"); got.status != http.StatusUnauthorized {
			t.Errorf("the metrics answer %d to everybody", got.status)
		}
	})
	t.Run("a server is not ready without its history", func(t *testing.T) {
		t.Parallel()
		away := new(atomic.Bool)
		away.Store(true)
		s := newSite(t, func(config *server.Config) {
			config.Inspector = inspect.New(nil, config.Graph, failingStore{config.Launcher.Store(), away})
		})
		if got := s.get("/readyz"); got.status != http.StatusServiceUnavailable || got.body != "not ready: the history cannot be read\n" {
			t.Errorf("the answer is %d: %s", got.status, got.body)
		}
		if got := s.get("/healthz"); got.status != http.StatusOK {
			t.Errorf("the process counts as dead: %d", got.status)
		}
		if got := s.get("/metrics").body; !strings.Contains(got, "fxrun_store_up 0\n") || !strings.Contains(got, "fxrun_store_errors_total 2\n") || strings.Contains(got, "fxrun_runs{") {
			t.Errorf("the metrics are\n%s", got)
		}
	})
	t.Run("a server is not ready without its daemon", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, func(config *server.Config) {
			daemon, err := automation.NewDaemon(automation.DaemonConfig{Automations: config.Automations, Launcher: config.Launcher})
			if err != nil {
				t.Fatal(err)
			}
			config.Daemon = daemon
		})
		if got := s.get("/readyz"); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "the daemon does not tick") {
			t.Errorf("the answer is %d: %s", got.status, got.body)
		}
	})
	t.Run("a server that drains is not ready, and answers all the same", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, nil)
		s.handler.Drain()
		if got := s.get("/readyz"); got.status != http.StatusServiceUnavailable || got.body != "not ready: it is about to end\n" {
			t.Errorf("the answer is %d: %s", got.status, got.body)
		}
		if got := s.get("/"); got.status != http.StatusOK {
			t.Errorf("the page answers %d", got.status)
		}
	})
}

func TestServeGoesOnForTheTimeOfItsNotice(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(config *server.Config) { config.Notice = 300 * time.Millisecond })
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.handler.Serve(ctx, listener, 10*time.Second) }()
	s.URL = "http://" + listener.Addr().String()
	if got := s.get("/readyz"); got.status != http.StatusOK {
		t.Errorf("before its end it answers %d", got.status)
	}
	began := time.Now()
	cancel()
	if err := <-ended; err != nil || time.Since(began) < 300*time.Millisecond {
		t.Errorf("it has ended after %s: %v", time.Since(began), err)
	}
}

func TestTheMetricsTellWhatTheProcessDoes(t *testing.T) {
	t.Parallel()
	counted := server.NewMetrics()
	s := newSite(t, func(config *server.Config) { config.Metrics = counted }, definitions(make(gate)),
		fx.Provide(func() runs.Observer { return counted.Observer(nil) }),
		fx.Options(assets.New("pooled", func() (int, error) { return 1, nil }, assets.Pool("shop \"1\""))))
	s.run("raw/orders")
	s.run("broken")
	s.get("/runs/none")
	s.get("/nothing/at/all")
	counted.Ticked(automation.KindSensor, "any", automation.TickFailed)
	prepared, err := s.launcher.Prepare(runs.Request{Selection: "raw/orders"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prepared.Queue(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := s.get("/metrics")
	if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") {
		t.Errorf("the answer is %d, %v", got.status, got.header)
	}
	for _, want := range []string{
		`fxrun_runs_total{job="",status="succeeded"} 1`, `fxrun_runs_total{job="",status="failed"} 1`,
		`fxrun_run_duration_seconds_count{job=""} 2`, `fxrun_step_attempts_total{status="succeeded"} `,
		`fxrun_http_requests_total{route="/runs/{id}",status="404"} 1`, `fxrun_http_requests_total{route="/",status="404"} 1`,
		`fxrun_http_request_duration_seconds_bucket{route="/runs/{id}",le="`,
		`fxrun_ticks_total{kind="sensor",status="failed"} 1`,
		`fxrun_runs{status="queued"} 1`, `fxrun_runs{status="running"} 0`, "fxrun_queue_oldest_seconds 0.",
		`fxrun_pool_places{pool="shop \"1\""} 1`, `fxrun_pool_places_used{pool="shop \"1\""} 0`,
		"fxrun_daemon_ticks_here 0", "fxrun_daemon_lag_seconds 0", "fxrun_store_up 1", "fxrun_store_errors_total 0", "go_goroutines ",
	} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if t.Failed() {
		t.Log(got.body)
	}
}

func TestRequestsAreLoggedWithoutWhatMayBeSecret(t *testing.T) {
	t.Parallel()
	const token = "a-token-of-many-letters"
	for all, want := range map[bool]int{true: 3, false: 1} {
		log := new(lines)
		s := newSite(t, func(config *server.Config) {
			config.Token, config.LogRequests = token, all
			config.Logger = slog.New(slog.NewTextHandler(log, nil))
		})
		bearer := "Bearer " + token
		s.do(http.MethodGet, "/runs?q=hunter2", "", "Authorization", bearer, "User-Agent", "tester")
		s.do(http.MethodGet, "/metrics", "", "Authorization", bearer)
		s.get("/healthz")
		s.get("/lineage?token=" + token)
		s.do(http.MethodPost, "/login", "token="+token+"x")
		s.Close() // a line is written after its answer
		text := log.String()
		if n := strings.Count(text, "msg=request"); n != want || strings.Contains(text, token) || strings.Contains(text, "hunter2") {
			t.Errorf("of all requests %v, %d lines are written, want %d:\n%s", all, n, want, text)
		}
		if all && (!strings.Contains(text, "path=/runs status=200 bytes=") || !strings.Contains(text, "agent=tester")) {
			t.Errorf("the lines are\n%s", text)
		}
	}
}

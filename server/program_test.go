package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	order struct {
		ID     int     `json:"id"`
		Amount float64 `json:"amount"`
		Note   string  `json:"note"`
	}
	orders  []order
	revenue struct{ Total float64 }
	report  string

	warehouseConfig struct {
		Table    string                   `desc:"table that is written"`
		Password container.Secret[string] `desc:"password of the database"`
		MaxConns int                      `split_words:"true" default:"4" min:"1" max:"10"`
		Mode     string                   `default:"append" enum:"append,replace"`
	}
	warehouse struct{ config warehouseConfig }
)

const markup = `<script>alert("x")</script><img src=x onerror=alert(1)>`

// gate lets the slow asset end.
type gate chan struct{}

func (g gate) wait(ctx context.Context) error {
	select {
	case <-g:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func definitions(opened gate) fx.Option {
	return fx.Options(
		container.Provide("warehouse", func(config warehouseConfig) *warehouse { return &warehouse{config} },
			container.Describe("The warehouse. "+markup),
			container.Config(warehouseConfig{}, container.FromEnv("SERVERTEST_WAREHOUSE"), container.AtLaunch("Table"))),
		container.Supply("clock", slog.LevelInfo),
		assets.New("raw/orders", func(c *assets.Context, logger *slog.Logger) (orders, error) {
			logger.Warn(markup, "attr", markup)
			c.AddMetadata("page", markup)
			return orders{{1, 2.5, markup}, {2, 4, "b"}}, nil
		}, assets.InGroup("raw"), assets.Describe("Orders as they came. "+markup)),
		assets.New("revenue", func(all orders, w *warehouse) (revenue, error) {
			sum := revenue{}
			for _, one := range all {
				sum.Total += one.Amount
			}
			return sum, nil
		}),
		assets.New("broken", func(orders) (report, error) {
			return "", fmt.Errorf("reading the page: %w", errors.New("no column "+markup))
		}, assets.InGroup("reports")),
		assets.New("slow", func(ctx context.Context, logger *slog.Logger) (report, error) {
			logger.Info("waiting")
			return "done", opened.wait(ctx)
		}, assets.InGroup("reports")),
		assets.NewJob("nightly", assets.Select("+revenue"), assets.DescribeJob("Every night. "+markup)),
	)
}

// site is a served program.
type site struct {
	*httptest.Server

	t        testing.TB
	launcher *runs.Launcher
	inspect  *inspect.Inspector
	handler  *server.Server
	opened   gate
}

func newSite(t testing.TB, change func(*server.Config), options ...fx.Option) *site {
	t.Helper()
	s := &site{t: t, opened: make(gate)}
	if len(options) == 0 {
		options = []fx.Option{definitions(s.opened)}
	}
	var graph *assets.Graph
	var c *container.Container
	var automations *automation.Automations
	app := fxtest.New(t, fxrun.Module, fx.NopLogger, fx.Options(options...), fx.Supply(fxrun.IO{IOManager: iomanagers.NewMemory()}),
		fx.Populate(&s.launcher, &graph, &c, &automations))
	app.RequireStart()
	s.inspect = inspect.New(c, graph, s.launcher.Store())
	config := server.Config{Inspector: s.inspect, Graph: graph, Launcher: s.launcher, Automations: automations}
	if change != nil {
		change(&config)
	}
	var err error
	if s.handler, err = server.New(config); err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(s.handler)
	t.Cleanup(func() {
		s.handler.Close()
		s.Close()
		app.RequireStop()
	})
	return s
}

// run launches a selection and waits for its end.
func (s *site) run(selection string) string {
	s.t.Helper()
	run, err := s.launcher.Launch(s.t.Context(), runs.Request{Selection: selection, Config: container.RunConfig{
		Resources: map[string]any{"warehouse": container.Fields{"table": "orders_2026", "password": "hunter2hunter2"}},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	_ = run.Wait(s.t.Context()) // some fail
	return run.ID()
}

// make executes a run without config, and returns its ID.
func (s *site) make(selection string) string {
	s.t.Helper()
	run, err := s.launcher.Launch(s.t.Context(), runs.Request{Selection: selection})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := run.Wait(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return run.ID()
}

type response struct {
	status int
	header http.Header
	body   string
}

func (s *site) do(method, path, body string, header ...string) response {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			request.Host = header[i+1]
			continue
		}
		request.Header.Set(header[i], header[i+1])
	}
	// The transport of all tests is no good: whoever closes a server of httptest ends its connections.
	client := &http.Client{Transport: s.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	got, err := client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response{got.StatusCode, got.Header, string(text)}
}

func (s *site) get(path string) response { s.t.Helper(); return s.do(http.MethodGet, path, "") }

func (s *site) post(path string, form ...string) response {
	s.t.Helper()
	values := make(url.Values)
	for i := 0; i < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	return s.do(http.MethodPost, path, values.Encode()+"&", "Sec-Fetch-Site", "same-origin")
}

// waitFor waits until a run is running.
func (s *site) waitFor(id string, status history.Status) {
	s.t.Helper()
	for range 500 {
		record, err := history.Find(s.t.Context(), s.launcher.Store(), id)
		if err != nil {
			s.t.Fatal(err)
		}
		if record.Status == status {
			return
		}
		time.Sleep(10 * time.Millisecond) // the history has no other way to wait
	}
	s.t.Fatalf("run %s did not become %s", id, status)
}

// waitForText waits until a page has a text.
func (s *site) waitForText(path, want string) {
	s.t.Helper()
	got := ""
	for range 500 {
		if got = textOf(s.get(path).body); strings.Contains(got, want) {
			return
		}
		time.Sleep(10 * time.Millisecond) // the history has no other way to wait
	}
	s.t.Fatalf("%s does not say %q but\n%s", path, want, got)
}

//go:build unix

package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
)

// BenchmarkMemoryUnderLoad measures whether the memory of a server stays the same while people
// and programs use it: in each second they launch a run and follow it to its end, read every
// page, leave streams in the middle, check a resource, and seldom give a wrong token. The environment
// variable FXRUN_BENCH_MINUTES says for how long; without it, it is for six seconds.
func BenchmarkMemoryUnderLoad(b *testing.B) {
	length := 6 * time.Second
	if text := os.Getenv("FXRUN_BENCH_MINUTES"); text != "" {
		minutes, err := strconv.ParseFloat(text, 64)
		if err != nil {
			b.Fatal(err)
		}
		length = time.Duration(minutes * float64(time.Minute))
	}
	for b.Loop() {
		u := newUsers(b)
		var heaps []float64
		requests, began := 0, time.Now()
		for second := 0; time.Since(began) < length; second++ {
			requests += u.useForASecond(second)
			if time.Since(began) >= length*time.Duration(len(heaps))/20 {
				heaps = append(heaps, float64(heapNow())/1e6)
				b.Logf("after %v: %.1f MB of heap, %d goroutines, %d requests", time.Since(began).Round(time.Second), heaps[len(heaps)-1], runtime.NumGoroutine(), requests)
			}
		}
		first, last := mean(heaps[len(heaps)/5:len(heaps)*2/5]), mean(heaps[len(heaps)*4/5:]) // what warms up is over
		b.ReportMetric(first, "MB-first")
		b.ReportMetric(last, "MB-last")
		b.ReportMetric(slices.Max(heaps), "MB-most")
		b.ReportMetric(float64(requests), "requests")
		u.close()
	}
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, value := range values {
		sum += value
	}
	return sum / float64(max(1, len(values)))
}

// users are people and programs that use a server.
type users struct {
	b        *testing.B
	site     *httptest.Server
	client   *http.Client
	launcher *runs.Launcher
	close    func()
}

func newUsers(b *testing.B) *users {
	b.Helper()
	store, err := sqlite.Open(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	u := &users{b: b, client: &http.Client{Transport: &http.Transport{}}}
	var graph *assets.Graph
	var c *container.Container
	var automations *automation.Automations
	app := fxtest.New(b, fxrun.Module, fx.NopLogger, definitions(make(gate)), fx.Supply(fxrun.IO{IOManager: iomanagers.NewMemory()}),
		fx.Supply(fx.Annotate(store, fx.As(new(history.Store)))), fx.Populate(&u.launcher, &graph, &c, &automations))
	app.RequireStart()
	handler, err := server.New(server.Config{
		Inspector: inspect.New(c, graph, store), Graph: graph, Launcher: u.launcher, Automations: automations, Token: token, CheckEvery: time.Second,
	})
	if err != nil {
		b.Fatal(err)
	}
	u.site = httptest.NewServer(handler)
	u.close = func() {
		handler.Close()
		u.client.CloseIdleConnections()
		u.site.Close()
		app.RequireStop()
		_ = store.Close()
	}
	return u
}

// useForASecond sends the requests of a second, and returns how many they were.
func (u *users) useForASecond(second int) int {
	began, count := time.Now(), 0
	ask := func(method, path, body string, most int64, header ...string) {
		count++
		u.ask(method, path, body, most, header...)
	}
	const all = 10 << 20
	ask(http.MethodPost, "/launch", url.Values{"select": {"raw/orders"}, "tags": {fmt.Sprint("second=", second)}}.Encode(), all, "Content-Type", "application/x-www-form-urlencoded")
	newest, err := u.launcher.Store().Runs(u.b.Context(), history.RunQuery{Limit: 1})
	if err != nil || len(newest) == 0 {
		u.b.Fatalf("the runs are %v, %v", newest, err)
	}
	id := newest[0].ID
	ask(http.MethodGet, "/runs/"+id+"/live", "", all)
	ask(http.MethodGet, "/api/v1/runs/"+id+"/follow", "", 40) // leaves in the middle
	for _, path := range append([]string{"/runs/" + id, "/assets/raw/orders", "/values/raw/orders", "/nothing", "/metrics", "/api/v1/definitions"}, allPages...) {
		ask(http.MethodGet, path, "", all)
	}
	ask(http.MethodPost, "/resources/clock/check", "", all)
	if second%90 == 0 { // seldom enough that nobody is slowed down
		ask(http.MethodGet, "/runs", "", all, "Authorization", fmt.Sprint("Bearer a wrong token ", second))
	}
	time.Sleep(time.Until(began.Add(time.Second)))
	return count
}

// ask sends a request, and reads at most so many bytes of its answer.
func (u *users) ask(method, path, body string, most int64, header ...string) {
	ctx, cancel := context.WithTimeout(u.b.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, u.site.URL+path, strings.NewReader(body))
	if err != nil {
		u.b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer, err := u.client.Do(request)
	if err != nil {
		u.b.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= http.StatusInternalServerError {
		u.b.Fatalf("%s %s is answered by %s", method, path, answer.Status)
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, most)); err != nil {
		u.b.Fatal(err)
	}
}

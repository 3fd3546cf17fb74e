package server_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
)

// talkative is an asset that logs a line every quarter of a second.
func talkative(lines int) fx.Option {
	return assets.New("talkative", func(logger *slog.Logger) int {
		for n := range lines {
			logger.Info("still talking", "line", n)
			time.Sleep(250 * time.Millisecond)
		}
		return lines
	})
}

// handlerOf starts a program without a network.
func handlerOf(t testing.TB, options ...fx.Option) (*server.Server, *runs.Launcher) {
	t.Helper()
	var launcher *runs.Launcher
	var graph *assets.Graph
	var c *container.Container
	app := fxtest.New(t, fxrun.Module, fx.NopLogger, fx.Options(options...), fx.Supply(fxrun.IO{IOManager: iomanagers.NewMemory()}),
		fx.Populate(&launcher, &graph, &c))
	app.RequireStart()
	handler, err := server.New(server.Config{Inspector: inspect.New(c, graph, launcher.Store()), Graph: graph, Launcher: launcher})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		handler.Close()
		app.RequireStop()
	})
	return handler, launcher
}

// client is a client of a stream. It takes no messages while it is stuck.
type client struct {
	header http.Header
	stuck  chan struct{} // closed when it goes on; nil for a client that reads

	mu  sync.Mutex
	got bytes.Buffer
}

func (c *client) Header() http.Header { return c.header }
func (c *client) WriteHeader(int)     {}
func (c *client) Flush()              {}

func (c *client) Write(text []byte) (int, error) {
	if c.stuck != nil {
		<-c.stuck
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got.Write(text)
}

func (c *client) count(text string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Count(c.got.Bytes(), []byte(text))
}

func TestAWatcherThatIsStuckIsDroppedAndDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler, launcher := handlerOf(t, talkative(60))
		run, err := launcher.Launch(t.Context(), runs.Request{Selection: "talkative"})
		if err != nil {
			t.Fatal(err)
		}
		reads, stuck := &client{header: make(http.Header)}, &client{header: make(http.Header), stuck: make(chan struct{})}
		var watching sync.WaitGroup
		for _, one := range []*client{reads, stuck} {
			watching.Go(func() {
				handler.ServeHTTP(one, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/runs/"+run.ID()+"/live", nil))
			})
		}
		if err := run.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if lines := reads.count("still talking"); lines < 60 || reads.count("event: done") != 1 {
			t.Errorf("the watcher that reads has %d lines, and %d ends", lines, reads.count("event: done"))
		}
		close(stuck.stuck)
		watching.Wait()
		if lines := stuck.count("still talking"); lines > 30 || stuck.count("event: done") > 0 {
			t.Errorf("the watcher that was stuck got %d lines, and %d ends, although it was dropped", lines, stuck.count("event: done"))
		}
	})
}

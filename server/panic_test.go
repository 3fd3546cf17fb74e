package server_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/server"
)

// lines are log lines. They may be written and read by several goroutines.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// broken is a history that cannot be read.
type broken struct {
	*history.MemoryStore
	panics bool
}

func (b broken) Runs(context.Context, history.RunQuery) ([]history.Record, error) {
	if b.panics {
		panic("the history is broken")
	}
	return nil, errors.New("reading the history: the disk is away")
}

func TestAPageOfABrokenHistoryIsAnErrorThatIsLogged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		panics bool
		want   string
	}{"an error": {false, "the disk is away"}, "a panic": {true, "the history is broken"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := new(lines)
			s := newSite(t, func(config *server.Config) {
				empty, err := container.New()
				if err != nil {
					t.Fatal(err)
				}
				config.Inspector = inspect.New(empty, config.Graph, broken{history.NewMemoryStore(), c.panics})
				config.Logger = slog.New(slog.NewTextHandler(log, nil))
			}, fx.Options())
			if got := s.get("/runs"); got.status != http.StatusInternalServerError {
				t.Errorf("the page answers %d: %s", got.status, textOf(got.body))
			}
			if !strings.Contains(log.String(), c.want) || !strings.Contains(log.String(), "status=500") {
				t.Errorf("the log lacks %q or the status:\n%s", c.want, log.String())
			}
		})
	}
}

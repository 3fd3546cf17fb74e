package server

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
)

// health answers whether the process lives and whether it is ready. Everybody may ask, under
// every host name, since the machines that ask know neither. So an answer says little, and
// the history is not asked more often than each second.
type health struct {
	config Config

	mu       sync.Mutex
	draining bool
	asked    time.Time
	store    error
}

const (
	// storeTime is how long the history may take to answer, and askAgain for how long its
	// answer counts.
	storeTime = 2 * time.Second
	askAgain  = time.Second
)

// drain makes the process not ready for good.
func (h *health) drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
}

// problems says why the process is not ready, in words that give nothing away.
func (h *health) problems(ctx context.Context) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []string
	if h.draining {
		return []string{"it is about to end"}
	}
	if h.askStore(ctx) != nil {
		found = append(found, "the history cannot be read")
	}
	if h.config.Daemon != nil && h.config.Daemon.Err() != nil {
		found = append(found, "the daemon does not tick")
	}
	return found
}

// askStore reads from the history, unless that was done just now.
func (h *health) askStore(ctx context.Context) error {
	if time.Since(h.asked) < askAgain {
		return h.store
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	_, h.store = h.config.Inspector.Runs(ctx, history.RunQuery{OmitSteps: true, Limit: 1})
	h.asked = time.Now()
	if h.store != nil {
		h.config.Metrics.storeErrors.Add(1)
		h.config.Logger.Warn("reading the history, to find out whether the server is ready", "error", h.store)
	}
	return h.store
}

// around answers the paths of health, and leaves all others to next.
func (h *health) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, h.config.Prefix)
		if !ok || !isReading(r) || path != "/healthz" && path != "/readyz" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if path == "/healthz" {
			_, _ = w.Write([]byte("ok\n"))
			return
		}
		if found := h.problems(r.Context()); len(found) > 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte("not ready: " + strings.Join(found, ", ") + "\n"))
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
}

package inspect

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fxrun/fxrun/container"
)

// CheckedHealth is the result of a check, with the time at which it was found.
type CheckedHealth struct {
	ResourceHealth

	// Checked is when the check ended, in UTC.
	Checked time.Time `json:"checked"`
}

// keptChecks is how many results of each resource are kept.
const keptChecks = 10

// HealthChecks checks resources, and keeps the last results in the memory of this process.
// It is safe for concurrent use.
type HealthChecks struct {
	inspector *Inspector
	since     time.Time

	mu   sync.Mutex
	kept map[string][]CheckedHealth // by the key of the resource, the oldest first
}

// NewHealthChecks returns checks without a result.
func NewHealthChecks(inspector *Inspector) *HealthChecks {
	return &HealthChecks{inspector: inspector, since: time.Now().UTC(), kept: make(map[string][]CheckedHealth)}
}

// Since is from when on results are kept, in UTC.
func (h *HealthChecks) Since() time.Time { return h.since }

// Check is [Inspector.CheckResources], and keeps the results. It keeps none of a check with
// a config of its own, of a resource whose config lacks something, and of a check that ctx
// has ended, since these say nothing about the health of a resource.
func (h *HealthChecks) Check(ctx context.Context, request HealthRequest) ([]ResourceHealth, error) {
	found, err := h.inspector.CheckResources(ctx, request)
	if err != nil || len(request.Config.Resources) > 0 {
		return found, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, health := range found {
		if !h.isComplete(health.Resource) {
			continue
		}
		kept := append(h.kept[health.Resource], CheckedHealth{health, time.Now().UTC()})
		h.kept[health.Resource] = slices.Clone(kept[max(0, len(kept)-keptChecks):])
	}
	return found, nil
}

// isComplete reports whether a resource can be started without a config of a launch.
func (h *HealthChecks) isComplete(key string) bool {
	_, err := h.inspector.container.Prepare(container.NeedsResources(key))
	return err == nil
}

// CheckEvery checks all resources after each interval, until ctx ends. A check of a resource
// may take limit at most: see [HealthRequest].
func (h *HealthChecks) CheckEvery(ctx context.Context, interval, limit time.Duration) {
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			_, _ = h.Check(ctx, HealthRequest{Limit: limit}) // the error says that ctx has ended
		}
	}
}

// Last returns the last result of each resource that was checked, sorted by key.
func (h *HealthChecks) Last() []CheckedHealth {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []CheckedHealth{}
	for _, key := range slices.Sorted(maps.Keys(h.kept)) {
		list = append(list, h.kept[key][len(h.kept[key])-1])
	}
	return list
}

// Of returns the last results of a resource, newest first.
func (h *HealthChecks) Of(key string) []CheckedHealth {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := append([]CheckedHealth{}, h.kept[key]...)
	slices.Reverse(list)
	return list
}

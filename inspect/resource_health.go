package inspect

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/panics"
)

// HealthStatus is what a check of a resource has found.
type HealthStatus string

// The results of a check of a resource.
const (
	// HealthWell means that the resource has started, and that its health check
	// found no error.
	HealthWell HealthStatus = "well"
	// HealthStarted means that the resource has started, and has no health check.
	HealthStarted HealthStatus = "started"
	// HealthFailing means that the resource has started, and that its health check
	// returned an error.
	HealthFailing HealthStatus = "failing"
	// HealthNotStarted means that the resource, or one that it needs, could not be
	// started.
	HealthNotStarted HealthStatus = "not started"
	// HealthNotStopped means that the check found no error, and that the resource, or
	// one that it needs, could not be stopped afterwards.
	HealthNotStopped HealthStatus = "not stopped"
)

// Good reports whether the check found no fault.
func (s HealthStatus) Good() bool { return s == HealthWell || s == HealthStarted }

// ResourceHealth is the result of the check of one resource.
type ResourceHealth struct {
	// Resource is the key of the resource.
	Resource string `json:"resource"`
	// Status is what the check has found.
	Status HealthStatus `json:"status"`
	// Start is how long the resource, and what it needs, took to start.
	Start time.Duration `json:"start_ns"`
	// Check is how long the health check took; 0 without a health check.
	Check time.Duration `json:"check_ns"`
	// Error is the error of the start, of the check or of the stop. The secrets of
	// the resource's config are masked in it. It is "" if there is none.
	Error string `json:"error,omitempty"`
}

// HealthRequest says which resources to check, and how.
type HealthRequest struct {
	// Resources are the keys of the resources. Without keys, all resources are
	// checked.
	Resources []string
	// Config is the launch config of the resources.
	Config container.RunConfig
	// Parallel is how many resources are checked at the same time. 0 means 4.
	Parallel int
	// Limit is how long the start and the check of one resource may take. 0 means
	// the limits of the resource alone.
	Limit time.Duration
}

// CheckResources starts each of the resources in a child container of its own,
// checks its health and stops it. So a resource that fails does not hide the health
// of the others, and a resource that several others need starts several times. The
// results are sorted by key. A fault of a resource is part of its result; the error
// is about the request, or says that ctx has ended.
func (i *Inspector) CheckResources(ctx context.Context, request HealthRequest) ([]ResourceHealth, error) {
	keys, err := i.checkedKeys(request.Resources)
	if err != nil {
		return nil, err
	}
	found := make([]ResourceHealth, len(keys))
	slots := make(chan struct{}, max(1, cmp.Or(request.Parallel, 4)))
	var all sync.WaitGroup
	for at, key := range keys {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			found[at] = i.checkResource(ctx, key, request)
		})
	}
	all.Wait()
	return found, context.Cause(ctx)
}

// checkedKeys returns the keys to check, sorted, each once.
func (i *Inspector) checkedKeys(asked []string) ([]string, error) {
	known := keysOf(i.container.Resources())
	if len(asked) == 0 {
		return slices.Sorted(slices.Values(known)), nil
	}
	for _, key := range asked {
		if !slices.Contains(known, key) {
			return nil, invalid("choosing resources", "there is no resource %q%s", key, nearest.Suggestion(key, known))
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(asked))), nil
}

func (i *Inspector) checkResource(ctx context.Context, key string, request HealthRequest) ResourceHealth {
	health := ResourceHealth{Resource: key, Status: HealthNotStarted}
	prepared, err := i.container.Prepare(container.NeedsResources(key), container.Launch(request.Config))
	if err != nil {
		health.Error = err.Error()
		return health
	}
	if err := panics.Guard(func() error { return health.check(ctx, prepared, request.Limit) }); err != nil {
		health.Error = prepared.Mask(err.Error())
	}
	return health
}

// check opens a child container with the resource, and closes it.
func (h *ResourceHealth) check(ctx context.Context, prepared *container.Prepared, limit time.Duration) error {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	begun := time.Now()
	child, err := prepared.Open(ctx)
	h.Start = time.Since(begun)
	if err != nil {
		return err
	}
	h.Status = HealthStarted
	for _, report := range child.Health(ctx) {
		if report.Resource != h.Resource {
			continue // those that it needs have results of their own
		}
		h.Check, err = report.Duration, report.Err
		h.Status = HealthWell
		if err != nil {
			h.Status = HealthFailing
		}
	}
	stopped := child.Close(nil)
	if err == nil && stopped != nil {
		h.Status, err = HealthNotStopped, stopped
	}
	return err
}

package child

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxrun/fxrun/internal/worker"
)

// HealthReport is the result of the check of one resource.
type HealthReport struct {
	Resource string
	// Err is the error of the check. It is nil if the resource works.
	Err error
	// Duration is how long the check took.
	Duration time.Duration
}

// Health checks the resources of the child that have a Health check. Package
// container documents it.
func (ch *liveChild) Health(ctx context.Context) []HealthReport {
	var mu sync.Mutex
	var reports []HealthReport
	var checks sync.WaitGroup
	calls := new(worker.Pool)
	defer calls.Rest(0)
	for _, i := range ch.state.healthy() {
		checks.Go(func() {
			began := time.Now()
			err := ch.check(ctx, calls, i)
			mu.Lock()
			defer mu.Unlock()
			reports = append(reports, HealthReport{Resource: i.node.Key, Err: err, Duration: time.Since(began)})
		})
	}
	checks.Wait()
	slices.SortFunc(reports, func(a, b HealthReport) int { return strings.Compare(a.Resource, b.Resource) })
	return reports
}

// check checks one resource. A resource that was stopped during its check does
// not work, whatever the check has returned.
func (ch *liveChild) check(ctx context.Context, calls *worker.Pool, i *instance) error {
	act := "checking resource " + i.node.Key
	if err := ch.refuse(act); err != nil {
		return err
	}
	limited, cancel := worker.WithLimit(ctx, i.node.StartTimeout)
	defer cancel()
	err := calls.Call(limited, 0, func() error { return i.node.Health.Check(limited, i.results[0]) }, nil)
	if closed := ch.refuse(act); closed != nil {
		return errors.Join(err, closed)
	}
	return err
}

// healthy returns the started resources that have a check.
func (s *state) healthy() []*instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*instance
	seen := make(map[*instance]bool)
	add := func(i *instance) {
		if i.err == nil && i.results != nil && i.node.Health != nil && !seen[i] {
			seen[i] = true
			found = append(found, i)
		}
	}
	for _, i := range s.started {
		add(i)
	}
	for _, i := range s.borrowed {
		add(i)
	}
	return found
}

package child

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// HealthReport says how one resource is.
type HealthReport struct {
	Resource string
	// Err is what the check returned, nil if the resource is well.
	Err error
	// Duration is how long the check took.
	Duration time.Duration
}

// Health checks the resources of the child that have a Health check, all at
// once, each for no longer than its start timeout, and returns a report for
// each, by key. A check that panics is an error.
func (ch *Child) Health(ctx context.Context) []HealthReport {
	var mu sync.Mutex
	var reports []HealthReport
	var checks sync.WaitGroup
	for _, i := range ch.state.healthy() {
		checks.Go(func() {
			limited, cancel := ch.state.deadline(ctx, i.node.StartTimeout)
			defer cancel()
			began := time.Now()
			err := guard(limited, func() error { return i.node.Health.Check(limited, i.results[0]) })
			mu.Lock()
			defer mu.Unlock()
			reports = append(reports, HealthReport{Resource: i.node.Key, Err: err, Duration: time.Since(began)})
		})
	}
	checks.Wait()
	slices.SortFunc(reports, func(a, b HealthReport) int { return strings.Compare(a.Resource, b.Resource) })
	return reports
}

// healthy returns the started resources that have a check.
func (s *childState) healthy() []*instance {
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

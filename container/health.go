package container

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxrun/fxrun/internal/fault"
)

// healthCheck is what Health was told.
type healthCheck struct {
	typ   reflect.Type
	check func(ctx context.Context, value reflect.Value) error
}

// Health says how to find out whether the resource, once started, is well. T is
// the type of the constructor's first result. See [Child.Health].
func Health[T any](check func(ctx context.Context, value T) error) Option {
	return optionFunc(func(d *resourceDefinition) {
		if check == nil {
			d.fault("container.Health(nil): it checks nothing")
			return
		}
		d.health = &healthCheck{
			typ: reflect.TypeFor[T](),
			check: func(ctx context.Context, value reflect.Value) error {
				return check(ctx, value.Interface().(T))
			},
		}
	})
}

// HealthReport says how one resource is.
type HealthReport struct {
	Resource string
	// Err is what the check returned, nil if the resource is well.
	Err error
	// Duration is how long the check took.
	Duration time.Duration
}

// Health checks the resources of the child that have a [Health] check, all at
// once, each for no longer than its start timeout, and returns a report for
// each, by key. A check that panics is an error.
func (ch *Child) Health(ctx context.Context) []HealthReport {
	var mu sync.Mutex
	var reports []HealthReport
	var checks sync.WaitGroup
	for _, i := range ch.state.healthy() {
		checks.Go(func() {
			limited, cancel := ch.state.deadline(ctx, i.node.startTimeout)
			defer cancel()
			began := time.Now()
			err := guard(limited, func() error { return i.node.health.check(limited, i.results[0]) })
			mu.Lock()
			defer mu.Unlock()
			reports = append(reports, HealthReport{Resource: i.node.key, Err: err, Duration: time.Since(began)})
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
		if i.err == nil && i.results != nil && i.node.health != nil && !seen[i] {
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

// checkHealth reports a check of another type than the resource's.
func (n *node) checkHealth() error {
	if n.health == nil || len(n.function.Results) == 0 || n.health.typ == n.function.Results[0].Type {
		return nil
	}
	if n.health.check == nil {
		return errors.New("container.Health: the check is nil")
	}
	return fault.Errorf("container.Health[%s]: the resource is a %s", n.health.typ, n.function.Results[0].Type)
}

package sqltable

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// job is one of the values that are stored in one transaction.
type job struct {
	out     iomanagers.Output
	place   place
	schema  *schema
	feed    *feed
	streams bool // its rows come when they come
	count   int  // the rows that were stored
}

// jobError is an error of one of the jobs.
type jobError struct {
	out iomanagers.Output
	err error
}

func (e *jobError) Error() string { return fmt.Sprintf("storing %v: %v", e.out, e.err) }
func (e *jobError) Unwrap() error { return e.err }

// each calls do for each job, and says for which it fails.
func each(jobs []*job, do func(j *job) error) error {
	for _, j := range jobs {
		if err := do(j); err != nil {
			return &jobError{j.out, err}
		}
	}
	return nil
}

// inOrder returns the jobs in an order in which every transaction takes its locks, so that two
// of them do not wait for each other.
func inOrder(jobs []*job) []*job {
	return slices.SortedStableFunc(slices.Values(jobs), func(a, b *job) int {
		return cmp.Or(cmp.Compare(a.place.table, b.place.table), cmp.Compare(a.place.partition, b.place.partition))
	})
}

// Joins reports whether the other manager is one of this package on the same database.
func (m *Manager) Joins(other iomanagers.IOManager) bool {
	o, ok := other.(*Manager)
	return ok && o.db == m.db
}

// StoreTogether stores all values in one transaction, or none. It adds the metadata of Store.
func (m *Manager) StoreTogether(ctx context.Context, assignments []iomanagers.Assignment) error {
	if err := m.storeTogether(ctx, assignments); err != nil {
		err = contextual(ctx, err)
		if one, ok := errors.AsType[*jobError](err); ok {
			return fmt.Errorf("storing %v: %w", one.out, contextual(ctx, one.err))
		}
		var names []string
		for _, a := range assignments {
			names = append(names, a.Output.String())
		}
		return fmt.Errorf("storing %s: %w", strings.Join(names, ", "), err)
	}
	return nil
}

func (m *Manager) storeTogether(ctx context.Context, assignments []iomanagers.Assignment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var jobs []*job
	var d dialect
	for _, a := range assignments {
		manager, ok := a.Manager.(*Manager)
		if !ok || !m.Joins(manager) {
			return &jobError{a.Output, fmt.Errorf("%w: the value of another manager, a %T", iomanagers.ErrUnsupported, a.Manager)}
		}
		s, value, err := manager.check(a.Output, a.Value)
		if err != nil {
			return &jobError{a.Output, err}
		}
		if d, err = manager.knownDialect(ctx); err != nil {
			return &jobError{a.Output, err}
		}
		jobs = append(jobs, &job{
			out: a.Output, place: d.place(manager.place(a.Output.Asset, a.Output.Partition, a.Output.RunID)), schema: s,
			feed:    &feed{columns: s.columns, limits: d.limits(), batches: rows.Batches(value, 0)},
			streams: s.shape.Form.Streams(),
		})
	}
	defer func() { // also when a stream panics
		for _, j := range jobs {
			j.feed.release()
		}
	}()
	if m.hasOneConnection() {
		// What feeds a stream may need the connection too.
		if err := each(jobs, func(j *job) error { return j.hold(ctx) }); err != nil {
			return err
		}
	}
	release, err := m.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := d.store(ctx, jobs); err != nil {
		return err
	}
	for _, j := range jobs {
		j.out.AddMetadata("rows", j.count)
		j.out.AddMetadata("table", strings.TrimPrefix(j.place.named+"."+j.place.name, "."))
	}
	return nil
}

// check returns the value as it is declared, and what is known of its type.
func (m *Manager) check(out iomanagers.Output, value any) (*schema, any, error) {
	declared, err := declaredType(out, value)
	if err != nil {
		return nil, nil, err
	}
	s, err := m.schemaOf(declared)
	if err != nil {
		return nil, nil, err
	}
	v := reflect.ValueOf(value)
	if v.Type() != declared {
		v = v.Convert(declared)
	}
	return s, v.Interface(), nil
}

// hold reads a stream, before there is a connection to store its rows over.
func (j *job) hold(ctx context.Context) error {
	if !j.streams {
		return nil
	}
	j.streams = false
	return j.feed.hold(ctx)
}

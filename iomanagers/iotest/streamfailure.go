package iotest

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
)

const (
	// late is how many rows a stream yields before it goes wrong: more than managers gather.
	late = 8_000
	// tooLate is where a stream that should have been broken off gives up.
	tooLate = 4 * late
)

var errStream = errors.New("the source went away")

// endless yields rows until it is broken off; from row number late on it calls then before each
// of them, and ends if that is false.
func endless(then func(yield func(Row, error) bool) bool) stream {
	return func(yield func(Row, error) bool) {
		row := numbered(1)[0]
		for i := 0; i < tooLate; i++ {
			if i >= late && !then(yield) {
				return
			}
			row.ID = int64(i)
			if !yield(row, nil) {
				return
			}
		}
	}
}

// grouped is endless in batches.
func grouped(then func(yield func([]Row, error) bool) bool) batches {
	return func(yield func([]Row, error) bool) {
		batch := numbered(500)
		for i := 0; i < tooLate; i += len(batch) {
			if i >= late && !then(yield) {
				return
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// failing yields an error after many rows.
func failing[T any](yield func(T, error) bool) bool {
	var zero T
	yield(zero, errStream)
	return false
}

func panicking[T any](func(T, error) bool) bool { panic(errStream) }

func halfStreamChangesNothing(t *testing.T, s Subject) {
	if s.lacksStreams(t) {
		return
	}
	old := Rows(2)
	s.store(t, "orders", "", old)
	var names []string
	if s.Names != nil {
		names = s.Names(t)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cancelling := func(func(Row, error) bool) bool { cancel(); return true }
	for _, c := range []struct {
		name  string
		ctx   context.Context
		value any
		want  error
	}{
		{"yields an error", t.Context(), endless(failing[Row]), errStream},
		{"yields an error after batches", t.Context(), grouped(failing[[]Row]), errStream},
		{"yields an error at once", t.Context(), stream(func(yield func(Row, error) bool) { yield(Row{}, errStream) }), errStream},
		{"panics", t.Context(), endless(panicking[Row]), errStream},
		{"panics after batches", t.Context(), grouped(panicking[[]Row]), errStream},
		{"outlives its context", ctx, endless(cancelling), context.Canceled},
		{"is nil", t.Context(), stream(nil), nil},
	} {
		for _, asset := range []string{"orders", "never stored"} {
			out := s.output(asset, "", c.value)
			out.Metadata = map[string]any{}
			err, panicked := s.storeAnyhow(c.ctx, out, c.value)
			switch {
			case err == nil:
				t.Fatalf("storing a stream that %s succeeds", c.name)
			case c.want != nil && !errors.Is(err, c.want):
				t.Errorf("storing a stream that %s gives error %v, want a match for %q", c.name, err, c.want)
			case panicked != strings.HasPrefix(c.name, "panics"):
				t.Errorf("storing a stream that %s panics: %v", c.name, panicked)
			case !panicked && !strings.Contains(err.Error(), asset):
				t.Errorf("the error %q doesn't name %q", err, asset)
			}
			if len(out.Metadata) > 0 {
				t.Errorf("a Store that failed adds metadata: %v", out.Metadata)
			}
		}
		s.expectRows(t, "orders", old)
		s.expectRowsMissing(t, "never stored")
		s.expectNames(t, names)
	}
	// The manager works as before.
	s.store(t, "orders", "", streamed(Rows(3)))
	s.expectRows(t, "orders", Rows(3))
}

// storeAnyhow stores value and returns a panic as an error.
func (s Subject) storeAnyhow(ctx context.Context, out iomanagers.Output, value any) (err error, panicked bool) {
	defer func() {
		if fault := recover(); fault != nil {
			err, _ = fault.(error)
			panicked = true
		}
	}()
	return s.Manager.Store(ctx, out, value), false
}

// expectRows reports if the asset, stored as rows of any form, is not want.
func (s Subject) expectRows(t *testing.T, asset string, want []Row) {
	t.Helper()
	var got []Row
	if err := s.Manager.Load(t.Context(), s.input(asset, &got, want), &got); err != nil {
		t.Errorf("Load: %v", err)
	} else if diff := rowsDiff(want, got); diff != "" {
		t.Errorf("loading %q gives other rows: %s", asset, diff)
	}
}

func (s Subject) expectRowsMissing(t *testing.T, asset string) {
	t.Helper()
	var got []Row
	if err := s.Manager.Load(t.Context(), s.input(asset, &got, got), &got); !errors.Is(err, iomanagers.ErrNotFound) {
		t.Errorf("loading %q, never stored, gives error %v, want iomanagers.ErrNotFound", asset, err)
	}
}

func contextEndsStream(t *testing.T, s Subject) {
	if s.lacksStreams(t) {
		return
	}
	const n = 20_000
	s.store(t, "orders", "", numbered(n))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	byRow := s.loadStream(t, ctx, "orders")
	var byBatch batches
	for _, when := range []string{"in the middle", "before"} {
		read, err := drain(byRow, cancel)
		if !errors.Is(err, context.Canceled) || read >= n {
			t.Errorf("a stream whose context ends %s gives %d of %d rows and ends with %v", when, read, n, err)
		}
	}
	batchCtx, cancelBatches := context.WithCancel(t.Context())
	defer cancelBatches()
	if err := s.Manager.Load(batchCtx, s.input("orders", &byBatch, []Row{}), &byBatch); err != nil {
		t.Fatalf("loading batches: %v", err)
	}
	if byBatch == nil {
		t.Fatal("a Load of batches succeeds and gives nil")
	}
	if read, err := drain(byBatch, cancelBatches); !errors.Is(err, context.Canceled) {
		t.Errorf("batches whose context ends in the middle give %d batches and end with %v", read, err)
	}
	var dst stream
	if err := s.Manager.Load(ctx, s.input("orders", &dst, []Row{}), &dst); !errors.Is(err, context.Canceled) || dst != nil {
		t.Errorf("loading a stream with a cancelled context gives error %v, want context.Canceled", err)
	}
}

// drain reads a sequence to its end, calls after once it has read a little, and returns how much
// it read and the errors yielded.
func drain[T any](sequence iter.Seq2[T, error], after func()) (int, error) {
	read, errs := 0, []error(nil)
	for _, err := range sequence {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if read++; read == 2 {
			after()
		}
	}
	if len(errs) > 1 {
		return read, errors.New("several errors are yielded")
	}
	return read, errors.Join(errs...)
}

func valueCanBeReplacedWhileRead(t *testing.T, s Subject) {
	if s.lacksStreams(t) {
		return
	}
	old := numbered(5000)
	s.store(t, "orders", "", old)

	// A step that reads the earlier value of its own asset and writes the new one.
	earlier := s.loadStream(t, t.Context(), "orders")
	mapped := stream(func(yield func(Row, error) bool) {
		for row, err := range earlier {
			row.Amount++
			if !yield(row, err) {
				return
			}
		}
	})
	if err := s.Manager.Store(t.Context(), s.output("orders", "", mapped), mapped); err != nil {
		t.Fatalf("storing a stream made of the earlier value: %v", err)
	}
	want := numbered(5000)
	for i := range want {
		want[i].Amount++
	}
	s.expectRows(t, "orders", want)

	// Somebody else stores meanwhile: who has begun to read gets the value that he began with.
	var got []Row
	for row, err := range s.loadStream(t, t.Context(), "orders") {
		if err != nil {
			t.Fatalf("reading while another value is stored: %v", err)
		}
		if len(got) == 0 {
			s.store(t, "orders", "", Rows(1))
		}
		got = append(got, row)
	}
	if diff := rowsDiff(want, got); diff != "" {
		t.Errorf("a stream changed while it was read: %s", diff)
	}
	s.expectRows(t, "orders", Rows(1))
}

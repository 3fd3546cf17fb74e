package rows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/rows"
)

type (
	row         struct{ ID int }
	named       []row
	namedStream func(func(row, error) bool)
	namedYield  func(row, error) bool
	seqOfRows   rows.Seq[row]
	truth       bool
)

var errSource = errors.New("the source went away")

func TestOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		t    reflect.Type
		want string
	}{
		{reflect.TypeFor[[]row](), "slice of rows_test.row in []rows_test.row"},
		{reflect.TypeFor[named](), "slice of rows_test.row in []rows_test.row"},
		{reflect.TypeFor[[]*row](), "slice of *rows_test.row in []*rows_test.row"},
		{reflect.TypeFor[[]string](), "slice of string in []string"},
		{reflect.TypeFor[[][]byte](), "slice of []uint8 in [][]uint8"},
		{reflect.TypeFor[iter.Seq2[row, error]](), "stream of rows_test.row in []rows_test.row"},
		{reflect.TypeFor[namedStream](), "stream of rows_test.row in []rows_test.row"},
		{reflect.TypeFor[rows.Seq[row]](), "stream of rows_test.row in []rows_test.row"},
		{reflect.TypeFor[seqOfRows](), "stream of rows_test.row in []rows_test.row"},
		{reflect.TypeFor[rows.Seq[[]row]](), "batch stream of rows_test.row in []rows_test.row"},
		{reflect.TypeFor[func(namedYield)](), "stream of rows_test.row in []rows_test.row"},
		{reflect.TypeFor[iter.Seq2[*row, error]](), "stream of *rows_test.row in []*rows_test.row"},
		{reflect.TypeFor[iter.Seq2[int, error]](), "stream of int in []int"},
		{reflect.TypeFor[iter.Seq2[[]byte, error]](), "stream of []uint8 in [][]uint8"},
		{reflect.TypeFor[iter.Seq2[json.RawMessage, error]](), "stream of json.RawMessage in []json.RawMessage"},
		{reflect.TypeFor[iter.Seq2[[]row, error]](), "batch stream of rows_test.row in []rows_test.row"},
		{reflect.TypeFor[iter.Seq2[named, error]](), "batch stream of rows_test.row in []rows_test.row"},
		{reflect.TypeFor[iter.Seq2[[][]byte, error]](), "batch stream of []uint8 in [][]uint8"},
		{nil, "no rows"},
		{reflect.TypeFor[[]byte](), "no rows"},
		{reflect.TypeFor[json.RawMessage](), "no rows"},
		{reflect.TypeFor[row](), "no rows"},
		{reflect.TypeFor[[3]row](), "no rows"},
		{reflect.TypeFor[map[int]row](), "no rows"},
		{reflect.TypeFor[func()](), "no rows"},
		{reflect.TypeFor[func(int)](), "no rows"},
		{reflect.TypeFor[iter.Seq[row]](), "no rows"},
		{reflect.TypeFor[iter.Seq2[row, string]](), "no rows"},
		{reflect.TypeFor[func(func(row, error))](), "no rows"},
		{reflect.TypeFor[func(...func(row, error) bool)](), "no rows"},
		{reflect.TypeFor[func(func(row, error) bool) bool](), "no rows"},
	} {
		got := "no rows"
		if shape, ok := rows.Of(c.t); ok {
			got = fmt.Sprintf("%v of %v in %v", shape.Form, shape.Element, shape.Slice)
		}
		if got != c.want {
			t.Errorf("%v is %s, want %s", c.t, got, c.want)
		}
	}
}

func some(n int) []row {
	all := make([]row, n)
	for i := range all {
		all[i].ID = i
	}
	return all
}

// failing yields n rows and an error.
func failing(n int) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for i := range n {
			if !yield(row{i}, nil) {
				return
			}
		}
		yield(row{}, errSource)
	}
}

// walked describes batches: how long each is, and the error.
func walked(value any, size int) (lengths string, all []row) {
	for batch, err := range rows.Batches(value, size) {
		if err != nil {
			lengths += fmt.Sprint(batch, " ", err)
			continue
		}
		lengths += fmt.Sprint(reflect.ValueOf(batch).Len(), " ")
		if batch, ok := batch.([]row); ok {
			all = append(all, batch...)
		}
	}
	return lengths, all
}

func TestBatches(t *testing.T) {
	t.Parallel()
	grouped := func(yield func(named, error) bool) {
		_ = yield(some(5), nil) && yield(nil, nil) && yield(some(2), nil)
	}
	for _, c := range []struct {
		name  string
		value any
		size  int
		want  string
	}{
		{"a slice", some(5), 2, "2 2 1 "},
		{"a named slice", named(some(2)), 2, "2 "},
		{"a nil slice", []row(nil), 2, ""},
		{"a slice by default", some(rows.Size + 1), 0, fmt.Sprint(rows.Size, " 1 ")},
		{"a stream", rows.From(some(5)), 2, "2 2 1 "},
		{"an even stream", namedStream(rows.From(some(4))), 2, "2 2 "},
		{"a stream without rows", rows.From([]row{}), 2, ""},
		{"a Seq", rows.Seq[row](rows.From(some(5))), 2, "2 2 1 "},
		{"an even Seq", rows.Seq[row](rows.From(some(4))), 2, "2 2 "},
		{"a Seq without rows", rows.Seq[row](rows.From([]row{})), 2, ""},
		{"a Seq that fails", rows.Seq[row](failing(3)), 2, "2 1 <nil> the source went away"},
		{"a Seq that fails at once", rows.Seq[row](failing(0)), 2, "<nil> the source went away"},
		{"a type defined as a Seq", seqOfRows(rows.From(some(5))), 2, "2 2 1 "},
		{"batches in a Seq", rows.Seq[[]row](rows.Batch(rows.From(some(5)), 3)), 2, "2 1 2 "},
		{"chunks of a Seq one by one", rows.Seq[[]byte](rows.From([][]byte{{1}, {2}, {3}})), 10, "1 1 1 "},
		{"a nil Seq", rows.Seq[row](nil), 2, "<nil> the rows.Seq[github.com/fxrun/fxrun/rows_test.row] is nil"},
		{"a stream that fails", failing(3), 2, "2 1 <nil> the source went away"},
		{"a stream that fails at once", failing(0), 2, "<nil> the source went away"},
		{"batches as they come, none too long or empty", grouped, 3, "3 2 2 "},
		{"chunks one by one", rows.From([][]byte{{1}, {2}, {3}}), 10, "1 1 1 "},
		{"a nil stream", iter.Seq2[row, error](nil), 2, "<nil> the iter.Seq2[github.com/fxrun/fxrun/rows_test.row,error] is nil"},
		{"no rows", 7, 2, "<nil> a int is not rows"},
		{"nothing", nil, 2, "<nil> a <nil> is not rows"},
	} {
		if got, _ := walked(c.value, c.size); got != c.want {
			t.Errorf("%s comes in %q, want %q", c.name, got, c.want)
		}
	}
	for name, value := range map[string]any{"a slice": some(5), "a stream": rows.From(some(5)), "a Seq": rows.Seq[row](rows.From(some(5))), "batches": rows.Batch(rows.From(some(5)), 4)} {
		if _, all := walked(value, 2); !slices.Equal(all, some(5)) {
			t.Errorf("%s gives %v", name, all)
		}
	}
}

func TestBatchesBrokenOffEndTheStream(t *testing.T) {
	t.Parallel()
	ended := 0
	stubborn := func(yield func(row, error) bool) {
		defer func() { ended++ }()
		for i := range 10 {
			yield(row{i}, nil) // without listening
		}
	}
	for _, value := range []any{iter.Seq2[row, error](stubborn), rows.Seq[row](stubborn)} {
		for range rows.Batches(value, 3) {
			break
		}
	}
	for _, value := range []any{failing(5), rows.Seq[row](failing(5))} {
		fault, _ := inGoroutine(func() {
			for range rows.Batches(value, 2) {
				panic(errSource)
			}
		})
		if fault != errSource { //nolint:errorlint // the very value
			t.Errorf("a panic in the loop comes out as %v", fault)
		}
	}
	if ended != 2 {
		t.Errorf("the stream ended %d times", ended)
	}
}

// source gives rows from memory, as many at a time as is asked for, and notes its use.
type source struct {
	left           []row
	reads, closed  *int
	fault, atClose error
}

func (s *source) Read(dst any) error {
	*s.reads++
	if len(s.left) == 0 {
		if s.fault != nil {
			return s.fault
		}
		return io.EOF
	}
	into := dst.(*[]row)
	*into = append(*into, s.left[:min(cap(*into), len(s.left))]...)
	s.left = s.left[len(*into):]
	return nil
}

func (s *source) Close() error { *s.closed++; return s.atClose }

// sources opens sources of n rows and counts.
type sources struct {
	n                     int
	opened, reads, closed int
	openErr, fault, close error
}

func (s *sources) open(context.Context) (rows.Source, error) {
	if s.openErr != nil {
		return nil, s.openErr
	}
	s.opened++
	return &source{left: some(s.n), reads: &s.reads, closed: &s.closed, fault: s.fault, atClose: s.close}, nil
}

func TestFill(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 129, rows.Size, 5000} {
		s := &sources{n: n}
		slice := named{{7}}
		var stream namedStream
		var typed rows.Seq[row]
		var batches iter.Seq2[named, error]
		var typedBatches rows.Seq[[]row]
		for _, dst := range []any{&slice, &stream, &typed, &batches, &typedBatches} {
			if err := rows.Fill(t.Context(), dst, s.open); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(slice, some(n)) {
			t.Errorf("%d rows come as %d in a slice", n, len(slice))
		}
		for range 2 {
			if got, err := rows.Collect(iter.Seq2[row, error](stream)); err != nil || !slices.Equal(got, some(n)) {
				t.Errorf("%d rows come as %d in a stream, %v", n, len(got), err)
			}
			if got, err := rows.Collect(typed); err != nil || !slices.Equal(got, some(n)) {
				t.Errorf("%d rows come as %d in a Seq, %v", n, len(got), err)
			}
			if got, err := rows.Collect(rows.Each(typedBatches)); err != nil || !slices.Equal(got, some(n)) {
				t.Errorf("%d rows come as %d in a Seq of batches, %v", n, len(got), err)
			}
			kept, err := rows.Collect(batches) // read later: they are the receiver's
			var got []row
			for _, batch := range kept {
				got = append(got, batch...)
			}
			if err != nil || !slices.Equal(got, some(n)) {
				t.Errorf("%d rows come as %d in %d batches, %v", n, len(got), len(kept), err)
			}
		}
		if s.opened != 9 || s.closed != 9 {
			t.Errorf("%d sources are opened and %d closed, want 9", s.opened, s.closed)
		}
	}
}

func TestFillOpensNothingBeforeTheFirstRowIsAskedFor(t *testing.T) {
	t.Parallel()
	s := &sources{n: 1}
	var stream iter.Seq2[row, error]
	if err := rows.Fill(t.Context(), &stream, s.open); err != nil || s.opened > 0 {
		t.Errorf("%v, %d opened", err, s.opened)
	}
	for name, dst := range map[string]any{"nil": nil, "no pointer": stream, "a nil pointer": (*[]row)(nil), "no rows": new(int), "bytes": new([]byte)} {
		if err := rows.Fill(t.Context(), dst, s.open); err == nil || s.opened > 0 {
			t.Errorf("%s: error %v, %d opened", name, err, s.opened)
		}
	}
}

func TestFillClosesWhateverHappens(t *testing.T) {
	t.Parallel()
	errClose := errors.New("it hangs")
	ctx, cancel := context.WithCancel(t.Context())
	for _, c := range []struct {
		name    string
		sources sources
		body    func(i int) bool
		want    string
	}{
		{"to the end", sources{n: 300}, nil, "300 rows, <nil>, 1 closed"},
		{"with an error", sources{n: 300, fault: errSource}, nil, "300 rows, the source went away, 1 closed"},
		{"with an error at the end", sources{n: 300, close: errClose}, nil, "300 rows, it hangs, 1 closed"},
		{"with a wrapped end of file", sources{n: 300, fault: fmt.Errorf("cut short: %w", io.EOF)}, nil, "300 rows, cut short: EOF, 1 closed"},
		{"broken off", sources{n: 300, close: errClose}, func(i int) bool { return i < 10 }, "10 rows, <nil>, 1 closed"},
		{"not opened", sources{openErr: errSource}, nil, "0 rows, the source went away, 0 closed"},
		{"until the context ends", sources{n: 300}, func(i int) bool {
			if i == 5 {
				cancel()
			}
			return true
		}, "5 rows, context canceled, 1 closed"},
		{"after the context has ended", sources{n: 300}, nil, "0 rows, context canceled, 0 closed"},
	} {
		var stream iter.Seq2[row, error]
		if err := rows.Fill(ctx, &stream, c.sources.open); err != nil {
			t.Fatal(err)
		}
		n, errs := 0, []error(nil)
		for row, err := range stream {
			if err != nil {
				errs = append(errs, err)
				if row.ID != 0 {
					t.Errorf("%s: %v comes with the error", c.name, row)
				}
				continue
			}
			if n++; c.body != nil && !c.body(n) {
				break
			}
		}
		if got := fmt.Sprintf("%d rows, %v, %d closed", n, errors.Join(errs...), c.sources.closed); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestFillClosesWhenTheLoopPanics(t *testing.T) {
	t.Parallel()
	s := &sources{n: 10}
	var batches iter.Seq2[[]row, error]
	if err := rows.Fill(t.Context(), &batches, s.open); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if fault := recover(); fault != errSource || s.closed != 1 { //nolint:errorlint // the very value
			t.Errorf("the panic comes out as %v, %d closed", fault, s.closed)
		}
	}()
	for range batches {
		panic(errSource)
	}
}

func TestFillLeavesASliceAloneUnlessAllIsRead(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx     context.Context
		sources sources
	}{
		"with an error":               {t.Context(), sources{n: 300, fault: errSource}},
		"with an error at the end":    {t.Context(), sources{n: 300, close: errSource}},
		"not opened":                  {t.Context(), sources{openErr: errSource}},
		"after the context has ended": {ended, sources{n: 300}},
	} {
		slice := []row{{7}}
		if err := rows.Fill(c.ctx, &slice, c.sources.open); err == nil || len(slice) != 1 || slice[0].ID != 7 {
			t.Errorf("%s: %v and error %v", name, slice, err)
		}
		if c.sources.opened != c.sources.closed {
			t.Errorf("%s: %d opened, %d closed", name, c.sources.opened, c.sources.closed)
		}
	}
}

// own gives a slice of its own instead of filling the one it gets.
type own struct{}

func (own) Read(dst any) error { *dst.(*[]row) = some(3); return nil }
func (own) Close() error       { return nil }

func TestASourceThatDoesNotFillTheMemoryIsAnError(t *testing.T) {
	t.Parallel()
	var all []row
	err := rows.Fill(t.Context(), &all, func(context.Context) (rows.Source, error) { return own{}, nil })
	if err == nil || all != nil {
		t.Errorf("%v, %v", all, err)
	}
}

func TestSequences(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 6, 7} {
		batched := rows.Batch(rows.From(some(n)), 3)
		for range 2 {
			if got, err := rows.Collect(rows.Each(batched)); err != nil || !slices.Equal(got, some(n)) {
				t.Errorf("%d rows in batches come as %v, %v", n, got, err)
			}
		}
		kept, _ := rows.Collect(batched)
		if got := slices.Concat(kept...); !slices.Equal(got, some(n)) {
			t.Errorf("kept batches of %d rows hold %v", n, got)
		}
	}
	lengths := []int{}
	for batch, err := range rows.Batch(failing(5), 2) {
		lengths = append(lengths, len(batch))
		if (err != nil) != (batch == nil) || err != nil && !errors.Is(err, errSource) {
			t.Errorf("%v comes with %v", batch, err)
		}
	}
	if diff := cmp.Diff([]int{2, 2, 1, 0}, lengths); diff != "" {
		t.Errorf("lengths (-want +got):\n%s", diff)
	}
	if got, err := rows.Collect(rows.Each(rows.Batch(failing(5), 2))); !errors.Is(err, errSource) || !slices.Equal(got, some(5)) {
		t.Errorf("five rows and an error come as %v, %v", got, err)
	}
	for range rows.Each(rows.Batch(failing(5), 2)) {
		break
	}
	for range rows.Batch(failing(5), 2) {
		break
	}
}

type definedAsSeq rows.Seq[row]

type holdsASeq struct{ rows.Seq[row] }

func TestIsSeq(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		of   reflect.Type
		want bool
	}{
		{"a Seq is one", reflect.TypeFor[rows.Seq[row]](), true},
		{"a Seq of chunks is one", reflect.TypeFor[rows.Seq[[]byte]](), true},
		{"an iter.Seq2 is none", reflect.TypeFor[iter.Seq2[row, error]](), false},
		{"a type defined as a Seq is none", reflect.TypeFor[definedAsSeq](), false},
		{"a struct that holds a Seq is none", reflect.TypeFor[holdsASeq](), false},
		{"a pointer to a Seq is none", reflect.TypeFor[*rows.Seq[row]](), false},
		{"no type is none", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := rows.IsSeq(c.of); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

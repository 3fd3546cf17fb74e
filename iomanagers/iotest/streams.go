package iotest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

type (
	stream      = iter.Seq2[Row, error]
	batches     = iter.Seq2[[]Row, error]
	chunks      = iter.Seq2[[]byte, error]
	namedRows   []Row
	namedStream func(yield func(Row, error) bool)
)

// numbered returns n rows whose ID tells their place.
func numbered(n int) []Row {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	all := make([]Row, n)
	for i := range all {
		all[i] = Row{ID: int64(i), Name: fmt.Sprintf("row %d", i), Amount: float64(i) / 3, At: at.Add(time.Duration(i) * time.Second)}
	}
	return all
}

func streamed(all []Row) stream { return rows.From(all) }

// inBatches uses the memory of one batch for all of them, as a sequence may.
func inBatches(all []Row, size int) batches {
	return func(yield func([]Row, error) bool) {
		batch := make([]Row, 0, size)
		for len(all) > 0 {
			n := min(size, len(all))
			batch = append(batch[:0], all[:n]...)
			all = all[n:]
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// behindPointers uses the memory of one row for all of them, as a sequence may.
func behindPointers(all []Row) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		var row Row
		for _, row = range all {
			if !yield(&row, nil) {
				return
			}
		}
	}
}

// batchesOfPointers uses the memory of one batch, and of its rows, for all of them.
func batchesOfPointers(all []Row, size int) iter.Seq2[[]*Row, error] {
	return func(yield func([]*Row, error) bool) {
		var pointers []*Row
		for batch, err := range inBatches(all, size) {
			pointers = pointers[:0]
			for i := range batch {
				pointers = append(pointers, &batch[i])
			}
			if !yield(pointers, err) {
				return
			}
		}
	}
}

// form is one way to give rows to a manager and to get them from it.
type form struct {
	name string
	of   func(all []Row) any
	dst  func() any                   // a pointer
	all  func(dst any) ([]Row, error) // what dst holds
}

func forms() []form {
	return []form{
		{
			"a slice", func(all []Row) any { return all },
			func() any { return new([]Row) },
			func(dst any) ([]Row, error) { return *dst.(*[]Row), nil },
		},
		{
			"a named slice", func(all []Row) any { return namedRows(all) },
			func() any { return new(namedRows) },
			func(dst any) ([]Row, error) { return *dst.(*namedRows), nil },
		},
		{
			"a stream", func(all []Row) any { return streamed(all) },
			func() any { return new(stream) },
			func(dst any) ([]Row, error) { return rows.Collect(*dst.(*stream)) },
		},
		{
			"a named stream", func(all []Row) any { return namedStream(streamed(all)) },
			func() any { return new(namedStream) },
			func(dst any) ([]Row, error) { return rows.Collect(stream(*dst.(*namedStream))) },
		},
		{
			"batches", func(all []Row) any { return inBatches(all, 400) },
			func() any { return new(batches) },
			func(dst any) ([]Row, error) { return keptBatches(*dst.(*batches)) },
		},
		{
			"a stream of pointers", func(all []Row) any { return behindPointers(all) },
			func() any { return new(iter.Seq2[*Row, error]) },
			func(dst any) ([]Row, error) {
				pointers, err := rows.Collect(*dst.(*iter.Seq2[*Row, error]))
				return dereferenced(pointers), err
			},
		},
		{
			"batches of pointers", func(all []Row) any { return batchesOfPointers(all, 400) },
			func() any { return new(iter.Seq2[[]*Row, error]) },
			func(dst any) ([]Row, error) {
				pointers, err := rows.Collect(rows.Each(*dst.(*iter.Seq2[[]*Row, error])))
				return dereferenced(pointers), err
			},
		},
	}
}

// rowsDiff says where rows begin to differ, "" if they don't.
func rowsDiff(want, got []Row) string {
	for i := range min(len(want), len(got)) {
		if !want[i].equal(got[i]) {
			return fmt.Sprintf("row %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("there are %d rows, want %d", len(got), len(want))
	}
	return ""
}

// keptBatches collects batches first and looks into them later: they are the receiver's.
func keptBatches(sequence batches) ([]Row, error) {
	kept, err := rows.Collect(sequence)
	var all []Row
	for _, batch := range kept {
		all = append(all, batch...)
	}
	return all, err
}

func dereferenced(pointers []*Row) []Row {
	all := make([]Row, len(pointers))
	for i, pointer := range pointers {
		all[i] = *pointer
	}
	return all
}

func (f form) streams() bool {
	shape, _ := rows.Of(reflect.TypeOf(f.dst()).Elem())
	return shape.Form.Streams()
}

// input asks for asset in the type of dst; stored is a value of the type that was stored.
func (s Subject) input(asset string, dst, stored any) iomanagers.Input {
	return iomanagers.Input{
		Asset: asset, RunID: "run-2", Format: s.Format,
		Type: reflect.TypeOf(dst).Elem(), Stored: reflect.TypeOf(stored),
	}
}

// loadStream loads rows that were stored as a slice.
func (s Subject) loadStream(t *testing.T, ctx context.Context, asset string) stream {
	t.Helper()
	var loaded stream
	if err := s.Manager.Load(ctx, s.input(asset, &loaded, []Row{}), &loaded); err != nil {
		t.Fatalf("loading a stream: %v", err)
	}
	if loaded == nil {
		t.Fatal("a Load of a stream succeeds and gives nil")
	}
	return loaded
}

// lacksStreams holds a manager without the ability to its answer, and says so. It skips
// where the subject's values are text and not rows.
func (s Subject) lacksStreams(t *testing.T) bool {
	t.Helper()
	if s.isText() {
		t.Skip("the subject's values are text, not rows")
	}
	if s.Can&Streams != 0 {
		return false
	}
	value := streamed(Rows(0))
	if err := s.Manager.Store(t.Context(), s.output("orders", "", value), value); !errors.Is(err, iomanagers.ErrUnsupported) {
		t.Errorf("storing a stream gives error %v, want iomanagers.ErrUnsupported", err)
	}
	s.expectMissing(t, "orders", "")
	s.store(t, "orders", "", Rows(0))
	var loaded stream
	if err := s.Manager.Load(t.Context(), s.input("orders", &loaded, Rows(0)), &loaded); !errors.Is(err, iomanagers.ErrUnsupported) || loaded != nil {
		t.Errorf("loading a stream gives error %v, want iomanagers.ErrUnsupported", err)
	}
	return true
}

func (s Subject) isText() bool {
	t := reflect.TypeOf(s.Value(0))
	return t.Kind() == reflect.String || rows.IsBytes(t)
}

func rowsComeInEveryForm(t *testing.T, s Subject) {
	if s.isText() {
		s.checkChunks(t)
		return
	}
	if s.lacksStreams(t) {
		return
	}
	for _, n := range []int{0, 1, rows.Size + 100} { // the last is more than a batch
		want := numbered(n)
		for _, stored := range forms() {
			asset := fmt.Sprintf("%d rows as %s", n, stored.name)
			value := stored.of(want)
			if err := s.Manager.Store(t.Context(), s.output(asset, "", value), value); err != nil {
				t.Errorf("storing %s: %v", asset, err)
				continue
			}
			for _, loaded := range forms() {
				s.expectForm(t, asset, value, loaded, want)
			}
		}
	}
}

func (s Subject) expectForm(t *testing.T, asset string, stored any, loaded form, want []Row) {
	t.Helper()
	dst := loaded.dst()
	if err := s.Manager.Load(t.Context(), s.input(asset, dst, stored), dst); err != nil {
		t.Errorf("loading %s as %s: %v", asset, loaded.name, err)
		return
	}
	if reflect.ValueOf(dst).Elem().IsNil() && (loaded.streams() || len(want) > 0) {
		t.Errorf("loading %s as %s succeeds and gives nil", asset, loaded.name)
		return
	}
	for range 2 {
		got, err := loaded.all(dst)
		if err != nil {
			t.Errorf("reading %s as %s: %v", asset, loaded.name, err)
		}
		if diff := rowsDiff(want, got); diff != "" {
			t.Errorf("%s come back as %s changed: %s", asset, loaded.name, diff)
		}
	}
}

// checkChunks holds managers of text to streams of chunks.
func (s Subject) checkChunks(t *testing.T) {
	text := strings.Repeat("a line of text\r\n\x00", 20_000)
	pieces := func() chunks {
		return func(yield func([]byte, error) bool) {
			memory := make([]byte, 1000) // the same for all, as a sequence may
			for rest := text; rest != ""; {
				n := copy(memory, rest)
				rest = rest[n:]
				if !yield(memory[:n], nil) {
					return
				}
			}
		}
	}
	if s.Can&Streams == 0 {
		if err := s.Manager.Store(t.Context(), s.output("text", "", pieces()), pieces()); !errors.Is(err, iomanagers.ErrUnsupported) {
			t.Errorf("storing a stream of chunks gives error %v, want iomanagers.ErrUnsupported", err)
		}
		return
	}
	for asset, value := range map[string]any{"text": text, "bytes": []byte(text), "chunks": pieces()} {
		s.store(t, asset, "", value)
		var loaded chunks
		if err := s.Manager.Load(t.Context(), s.input(asset, &loaded, value), &loaded); err != nil {
			t.Errorf("loading %s as chunks: %v", asset, err)
			continue
		}
		if loaded == nil {
			t.Errorf("loading %s as chunks succeeds and gives nil", asset)
			continue
		}
		for range 2 {
			kept, err := rows.Collect(loaded)
			if got := string(join(kept)); err != nil || got != text {
				t.Errorf("%s of %d bytes come back as %d chunks with %d bytes, %v", asset, len(text), len(kept), len(got), err)
			}
		}
		var whole []byte
		if err := s.Manager.Load(t.Context(), s.input(asset, &whole, value), &whole); err != nil || string(whole) != text {
			t.Errorf("%s of %d bytes come back as %d bytes, %v", asset, len(text), len(whole), err)
		}
	}
}

func join(chunks [][]byte) []byte {
	var all []byte
	for _, chunk := range chunks {
		all = append(all, chunk...)
	}
	return all
}

func missingStreamIsNotFound(t *testing.T, s Subject) {
	if s.lacksStreams(t) {
		return
	}
	for _, f := range forms() {
		dst := f.dst()
		err := s.Manager.Load(t.Context(), s.input("never stored", dst, []Row{}), dst)
		if !errors.Is(err, iomanagers.ErrNotFound) || !strings.Contains(err.Error(), "never stored") {
			t.Errorf("loading %s of what was never stored gives error %v, want iomanagers.ErrNotFound", f.name, err)
		}
		if !reflect.ValueOf(dst).Elem().IsNil() {
			t.Errorf("a Load of %s that failed changed its destination", f.name)
		}
	}
}

func metadataTellsRowsOfStreams(t *testing.T, s Subject) {
	if s.lacksStreams(t) {
		return
	}
	for _, n := range []int{0, 2500} {
		for _, f := range forms() {
			value := f.of(numbered(n))
			out := s.output("orders", "", value)
			out.Metadata = map[string]any{}
			if err := s.Manager.Store(t.Context(), out, value); err != nil {
				t.Fatalf("storing %s: %v", f.name, err)
			}
			if out.Metadata["rows"] != n {
				t.Errorf("metadata of %d rows as %s has rows %#v", n, f.name, out.Metadata["rows"])
			}
		}
	}
}

func bytesCanBeAskedFor(t *testing.T, s Subject) {
	value := s.Value(4)
	s.store(t, "orders", "", value)
	if reflect.TypeOf(value) == reflect.TypeFor[[]byte]() {
		t.Skip("the subject's values are bytes")
	}
	var whole []byte
	err := s.Manager.Load(t.Context(), s.input("orders", &whole, value), &whole)
	if errors.Is(err, iomanagers.ErrUnsupported) {
		if whole != nil {
			t.Errorf("a Load that failed gives %d bytes", len(whole))
		}
		return
	}
	if err != nil || len(whole) == 0 {
		t.Fatalf("loading the stored bytes gives %d bytes and error %v, want some, or iomanagers.ErrUnsupported", len(whole), err)
	}
	if s.Can&Streams == 0 {
		return
	}
	var pieces chunks
	if err := s.Manager.Load(t.Context(), s.input("orders", &pieces, value), &pieces); err != nil {
		t.Fatalf("loading the stored bytes as chunks: %v", err)
	}
	if pieces == nil {
		t.Fatal("a Load of chunks succeeds and gives nil")
	}
	if kept, err := rows.Collect(pieces); err != nil || string(join(kept)) != string(whole) {
		t.Errorf("the chunks of the stored bytes are %q, %v, want %q", join(kept), err, whole)
	}
}

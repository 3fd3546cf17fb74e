package rows_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/fxrun/fxrun/rows"
)

// scripted is a source whose nth read, from 0, does what the script says. Each read that gives
// rows fills the memory.
type scripted struct {
	ctx    context.Context //nolint:containedctx // of one pass
	script func(ctx context.Context, n int) error
	reads  int
	given  int
	closed *int
}

func (s *scripted) Read(dst any) error {
	err := s.script(s.ctx, s.reads)
	s.reads++
	if err != nil {
		return err
	}
	into := dst.(*[]row)
	for len(*into) < cap(*into) {
		if next := (*into)[:len(*into)+1]; next[len(*into)] != (row{}) {
			return errors.New("the memory is not zero")
		}
		*into = append(*into, row{s.given})
		s.given++
	}
	return nil
}

// Close writes what Read writes, so that the race detector sees a read that is still under way.
func (s *scripted) Close() error { s.reads = -1; *s.closed++; return nil }

// looped is a sequence of any form as a loop over single rows.
type looped = func(yield func(row, error) bool)

// formsOf returns sequences of a source in every form.
func formsOf(t *testing.T, script func(ctx context.Context, n int) error, closed *int) map[string]looped {
	t.Helper()
	open := func(ctx context.Context) (rows.Source, error) {
		return &scripted{ctx: ctx, script: script, closed: closed}, nil
	}
	var stream iter.Seq2[row, error]
	var typed rows.Seq[row]
	var batches iter.Seq2[[]row, error]
	for _, dst := range []any{&stream, &typed, &batches} {
		if err := rows.Fill(t.Context(), dst, open); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]looped{"a stream": looped(stream), "a Seq": looped(typed), "batches": rows.Each(batches)}
}

func TestASourceIsReadAheadOfTheLoop(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"a stream", "a Seq", "batches"} {
		t.Run("for "+form, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				closed, reads := 0, 0
				loop := formsOf(t, func(_ context.Context, n int) error {
					if reads = n + 1; n == 20 {
						return io.EOF
					}
					return nil
				}, &closed)[form]
				var ahead []int
				next, size := 0, 0
				for r, err := range loop {
					if err != nil || r.ID != next {
						t.Fatalf("row %d is %v, %v", next, r, err)
					}
					synctest.Wait() // the source does what it can
					if next++; size == 0 {
						size = sizeOf(form)
					}
					if next%size == 1 {
						ahead = append(ahead, reads)
					}
				}
				want := []int{1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 21}
				if !slices.Equal(ahead, want) || closed != 1 {
					t.Errorf("when the loop gets the batches, %v are read, want %v; %d closed", ahead, want, closed)
				}
			})
		})
	}
}

func sizeOf(form string) int {
	if form == "batches" {
		return rows.Size
	}
	return 128
}

func TestALoopThatEndsEarlyEndsTheReading(t *testing.T) {
	t.Parallel()
	// The fourth read waits until nobody wants it.
	script := func(ctx context.Context, n int) error {
		if n < 3 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
	closed := 0
	for form, loop := range formsOf(t, script, &closed) {
		for _, at := range []int{1, sizeOf(form) + 1} {
			for name, leave := range map[string]func(){
				"a break":  func() {},
				"a panic":  func() { panic(errSource) },
				"a Goexit": runtime.Goexit,
			} {
				closed = 0
				inGoroutine(func() {
					n := 0
					for range loop {
						if n++; n == at {
							leave()
							break
						}
					}
				})
				if closed != 1 {
					t.Errorf("%s at row %d of %s: %d closed", name, at, form, closed)
				}
			}
		}
	}
}

// inGoroutine calls do in a goroutine of its own and returns its panic, and whether it ended
// its goroutine instead of returning.
func inGoroutine(do func()) (fault any, exited bool) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		returned := false
		defer func() {
			fault = recover()
			exited = !returned && fault == nil
		}()
		do()
		returned = true
	}()
	<-ended
	return fault, exited
}

func TestWhatEndsASourceEndsTheLoop(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func() error
		want string
	}{
		{"an error", func() error { return errSource }, "the source went away, <nil>, false"},
		{"a panic", func() error { panic(errSource) }, "<nil>, the source went away, false"},
		{"a Goexit", func() error { runtime.Goexit(); return nil }, "<nil>, <nil>, true"},
	} {
		for _, read := range []int{0, 1, 5} {
			closed := 0
			script := func(_ context.Context, n int) error {
				if n == read {
					return c.end()
				}
				return nil
			}
			for form, loop := range formsOf(t, script, &closed) {
				closed = 0
				got := 0
				var fault error
				panicked, exited := inGoroutine(func() {
					for r, err := range loop {
						if fault = err; err == nil && r.ID == got {
							got++
						}
					}
				})
				if err, ok := panicked.(error); ok && errors.Is(err, errSource) {
					panicked = errSource
				}
				if text := fmt.Sprintf("%v, %v, %v", fault, panicked, exited); text != c.want {
					t.Errorf("%s at read %d of %s: error, panic, exit are %s, want %s", c.name, read, form, text, c.want)
				}
				if got != read*sizeOf(form) || closed != 1 {
					t.Errorf("%s at read %d of %s: %d rows before it, want %d; %d closed", c.name, read, form, got, read*sizeOf(form), closed)
				}
			}
		}
	}
}

func TestAPanicOfASourceSaysWhereItHappened(t *testing.T) {
	t.Parallel()
	closed := 0
	fault, _ := inGoroutine(func() {
		for range formsOf(t, breaksDown, &closed)["a Seq"] {
		}
	})
	if text := fmt.Sprintf("%+v", fault); !strings.Contains(text, "breaksDown") {
		t.Errorf("the panic doesn't name the function that panicked:\n%s", text)
	}
}

func breaksDown(_ context.Context, n int) error {
	if n > 3 {
		panic("out of range")
	}
	return nil
}

func TestAReadSequenceCanBeReadByManyAtOnce(t *testing.T) {
	t.Parallel()
	open := func(context.Context) (rows.Source, error) {
		return &source{left: some(5000), reads: new(int), closed: new(int)}, nil
	}
	var typed rows.Seq[row]
	if err := rows.Fill(t.Context(), &typed, open); err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	for range 4 {
		go func() {
			got, err := rows.Collect(typed)
			done <- err == nil && slices.Equal(got, some(5000))
		}()
	}
	for range 4 {
		if !<-done {
			t.Error("other rows")
		}
	}
}

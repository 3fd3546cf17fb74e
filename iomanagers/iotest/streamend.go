package iotest

import (
	"context"
	"fmt"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"
)

func streamsLeaveNothingOpen(t *testing.T, s Subject) {
	if s.lacksStreams(t) {
		return
	}
	want := numbered(5000)
	s.store(t, "orders", "", want)
	loaded := s.loadStream(t, t.Context(), "orders")
	s.breakOff(t, loaded, want[0]) // whatever the manager keeps for later, it has from here on
	open := 0
	if s.Open != nil {
		open = s.Open(t)
	}
	// Goroutines inherit labels, which tells this clause's from those of others.
	label := fmt.Sprintf("iotest %s", t.Name())
	started := startedWith(t, label, func() {
		for range 12 {
			s.breakOff(t, loaded, want[0])
			s.panicInside(t, loaded)
			s.loadStream(t, t.Context(), "orders") // and never read it
		}
	})
	if started > 3 {
		t.Errorf("%d goroutines are left of 90 streams that were not read to the end", started)
	}
	if now := s.stillOpen(t, open); now > open {
		t.Errorf("%d things are open after streams that were not read to the end, %d before", now, open)
	}
	for range 2 {
		i := 0
		for row, err := range loaded {
			if err != nil || row.ID != int64(i) {
				t.Fatalf("row %d of a stream that was broken off before: %+v, %v", i, row, err)
			}
			i++
		}
		if i != len(want) {
			t.Errorf("a stream that was broken off before gives %d rows, want %d", i, len(want))
		}
	}
}

// closingTakes bounds how long closing may go on after a call has returned: database/sql
// rolls back in a goroutine of its own.
const closingTakes = 5 * time.Second

// stillOpen returns how many things the manager holds open, as soon as there are no more than
// allowed, or when closing them has taken too long.
func (s Subject) stillOpen(t *testing.T, allowed int) int {
	t.Helper()
	if s.Open == nil {
		return 0
	}
	return settled(allowed, func() int { return s.Open(t) })
}

// settled counts until there are no more than allowed, or until closing has taken too long.
func settled(allowed int, count func() int) int {
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if left := count(); left <= allowed || time.Since(began) > closingTakes {
			return left
		}
	}
}

func (s Subject) breakOff(t *testing.T, loaded stream, first Row) {
	t.Helper()
	for row, err := range loaded {
		if diff := rowsDiff([]Row{first}, []Row{row}); err != nil || diff != "" {
			t.Fatalf("the first row: %v, %s", err, diff)
		}
		return
	}
	t.Fatal("the stream has no row")
}

func (s Subject) panicInside(t *testing.T, loaded stream) {
	t.Helper()
	defer func() {
		if fault := recover(); fault != errStream { //nolint:errorlint // the very value
			t.Errorf("a panic in the loop comes out as %v", fault)
		}
	}()
	for _, err := range loaded {
		if err == nil {
			panic(errStream)
		}
	}
}

// startedWith calls do and returns how many of the goroutines that it started stay.
func startedWith(t *testing.T, label string, do func()) int {
	t.Helper()
	pprof.Do(t.Context(), pprof.Labels("iotest", label), func(context.Context) { do() })
	return settled(0, func() int { return labelled(t, label) })
}

// labelled counts the goroutines that carry the label.
func labelled(t *testing.T, label string) int {
	t.Helper()
	var text strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&text, 1); err != nil {
		t.Fatal(err)
	}
	count, group := 0, 0
	for line := range strings.Lines(text.String()) {
		if n, _, found := strings.Cut(line, " @ "); found {
			group, _ = strconv.Atoi(n)
		}
		if strings.HasPrefix(line, "# labels:") && strings.Contains(line, fmt.Sprintf("%q:%q", "iotest", label)) {
			count += group
		}
	}
	return count
}

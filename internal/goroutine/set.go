package goroutine

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"strconv"
	"sync"
)

// Set is a set of goroutines. The zero value is an empty set. It is safe for
// concurrent use.
type Set struct {
	// Outer also gets the goroutines that join this set, if it is not nil.
	Outer *Set

	mu      sync.Mutex
	members []ID
}

// Join puts the calling goroutine into the set until leave is called.
func (s *Set) Join() (leave func()) {
	caller := Current()
	s.Add(caller)
	return func() { s.Remove(caller) }
}

// Add puts a goroutine into the set. A goroutine may be added several times.
func (s *Set) Add(id ID) {
	for set := s; set != nil; set = set.Outer {
		set.add(id)
	}
}

// Remove takes back one Add of the same goroutine.
func (s *Set) Remove(id ID) {
	for set := s; set != nil; set = set.Outer {
		set.remove(id)
	}
}

func (s *Set) add(id ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members = append(s.members, id)
}

func (s *Set) remove(id ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := slices.Index(s.members, id); at >= 0 { // only one entry, because a goroutine may have joined more than once
		s.members = slices.Delete(s.members, at, at+1)
	}
}

// HasCaller reports whether the calling goroutine is in the set.
func (s *Set) HasCaller() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.members) > 0 && slices.Contains(s.members, Current())
}

type setKey struct{}

// In returns a context from which a function can join the set, see [Join].
func (s *Set) In(ctx context.Context) context.Context { return context.WithValue(ctx, setKey{}, s) }

// Join puts the calling goroutine into the set of the context, if it has one,
// until leave is called.
func Join(ctx context.Context) (leave func()) {
	if set, ok := ctx.Value(setKey{}).(*Set); ok {
		return set.Join()
	}
	return func() {}
}

// ID is the number of a goroutine.
type ID uint64

// Current returns the number of the calling goroutine. The runtime gives it only
// in the first line of a stack, as in "goroutine 18 [running]:". It walks the whole
// stack for that, so a call costs some microseconds.
func Current() ID {
	var buffer [32]byte
	line := bytes.TrimPrefix(buffer[:runtime.Stack(buffer[:], false)], []byte("goroutine "))
	number, _, _ := bytes.Cut(line, []byte(" "))
	id, _ := strconv.ParseUint(string(number), 10, 64) // no goroutine has the number 0
	return ID(id)
}

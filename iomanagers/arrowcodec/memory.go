package arrowcodec

import (
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// reused gives the memory of one record batch to the next. The library tells by Free what it no
// longer needs, but a mistake in that would change rows, so only next makes memory free.
type reused struct {
	memory.Allocator

	mu          sync.Mutex
	given, free [][]byte
}

// next says that nothing uses what has been given so far.
func (r *reused) next() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.free { // too small, or too large
		r.Allocator.Free(b[:cap(b)])
	}
	r.free, r.given = r.given, nil
}

func (r *reused) Allocate(size int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, b := range r.free {
		if cap(b) >= size && cap(b)/4 <= size {
			r.free[i] = r.free[len(r.free)-1]
			r.free = r.free[:len(r.free)-1]
			r.given = append(r.given, b)
			clear(b[:size])
			return b[:size]
		}
	}
	// An eighth more, since the next record batch may be a little larger.
	b := r.Allocator.Allocate(size + size/8)
	r.given = append(r.given, b)
	return b[:size]
}

func (r *reused) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	bigger := r.Allocate(size)
	copy(bigger, b)
	return bigger
}

func (*reused) Free([]byte) {}

// end gives back all memory.
func (r *reused) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range slices.Concat(r.given, r.free) {
		r.Allocator.Free(b[:cap(b)])
	}
	r.given, r.free = nil, nil
}

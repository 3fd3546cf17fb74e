package automation

import (
	"container/heap"
	"time"
)

// dueHeap holds units, sorted by the time of their next tick. Its methods compare the entries
// only, and not the units: thousands of units lie at distant places of the memory, and reading
// them would take longer than all other work of the heap. So if a unit gets another time, its
// old entry stays in the heap and is ignored.
type dueHeap struct {
	entries dueEntries
	left    int // how many entries are ignored
}

// dueEntry is a unit with the time of its next tick, since the daemon began to tick.
type dueEntry struct {
	at     time.Duration
	unit   *unit
	number int // that of the unit, unless the entry counts no more
}

// add adds a unit that is not in the heap.
func (h *dueHeap) add(u *unit, at time.Duration) {
	u.waits = true
	h.entries = append(h.entries, dueEntry{at, u, u.entry})
	heap.Fix(&h.entries, len(h.entries)-1)
}

// remove removes a unit, if it is in the heap.
func (h *dueHeap) remove(u *unit) {
	if !u.waits {
		return
	}
	u.waits, u.entry = false, u.entry+1
	h.left++
	h.tidy()
}

// tidy removes the entries that count no more, if these are most of them.
func (h *dueHeap) tidy() {
	if h.left <= len(h.entries)/2 {
		return
	}
	kept := h.entries[:0]
	for _, one := range h.entries {
		if one.counts() {
			kept = append(kept, one)
		}
	}
	clear(h.entries[len(kept):])
	h.entries, h.left = kept, 0
	heap.Init(&h.entries)
}

// next returns when the first unit is due.
func (h *dueHeap) next() (at time.Duration, ok bool) {
	for len(h.entries) > 0 && !h.entries[0].counts() {
		h.left--
		h.pop()
	}
	if len(h.entries) == 0 {
		return 0, false
	}
	return h.entries[0].at, true
}

// take removes the first unit if it is due, and returns it; else nil.
func (h *dueHeap) take(now time.Duration) *unit {
	at, ok := h.next()
	if !ok || at > now {
		return nil
	}
	u := h.pop()
	u.waits, u.entry = false, u.entry+1
	h.tidy()
	return u
}

// pop removes the first entry. Package heap would copy it.
func (h *dueHeap) pop() *unit {
	last := len(h.entries) - 1
	u := h.entries[0].unit
	h.entries[0], h.entries[last] = h.entries[last], dueEntry{}
	h.entries = h.entries[:last]
	if last > 0 {
		heap.Fix(&h.entries, 0)
	}
	return u
}

func (e dueEntry) counts() bool { return e.unit.waits && e.unit.entry == e.number }

// dueEntries are what package heap needs.
type dueEntries []dueEntry

func (h dueEntries) Len() int           { return len(h) }
func (h dueEntries) Less(i, j int) bool { return h[i].at < h[j].at }
func (h dueEntries) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueEntries) Push(any)          {} // add appends, and pop cuts
func (h *dueEntries) Pop() any          { return nil }

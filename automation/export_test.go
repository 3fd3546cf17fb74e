package automation

import "time"

// SetClock gives a daemon another clock on the wall, and says how often it looks for what
// others have written, and at the clock.
func (d *Daemon) SetClock(now func() time.Time, look, most time.Duration) {
	d.clock.now, d.clock.look, d.clock.most = now, look, most
}

// DueHeap is the heap of a daemon, of units that are numbers.
type DueHeap struct {
	heap  dueHeap
	units map[*unit]int
	all   []*unit
}

// NewDueHeap returns an empty heap for some units.
func NewDueHeap(units int) *DueHeap {
	d := &DueHeap{units: make(map[*unit]int)}
	for i := range units {
		u := new(unit)
		d.all, d.units[u] = append(d.all, u), i
	}
	return d
}

// Set gives a unit another time, or its first one.
func (d *DueHeap) Set(unit int, at time.Duration) {
	d.Remove(unit)
	d.heap.add(d.all[unit], at)
}

// Remove removes a unit.
func (d *DueHeap) Remove(unit int) { d.heap.remove(d.all[unit]) }

// Take takes the first unit that is due.
func (d *DueHeap) Take(now time.Duration) (unit int, ok bool) {
	u := d.heap.take(now)
	return d.units[u], u != nil
}

// Next returns the time of the first unit.
func (d *DueHeap) Next() (time.Duration, bool) { return d.heap.next() }

// Entries returns how many entries the heap has, also those that count no more.
func (d *DueHeap) Entries() int { return len(d.heap.entries) }

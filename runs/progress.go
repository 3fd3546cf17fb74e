package runs

import (
	"sync"
	"time"
)

// progressEvery is how often the progress of a step is recorded at most: a
// function may tell it with every row.
const progressEvery = 250 * time.Millisecond

// progress passes on how far a step has come, now and then, and how far it came
// in the end.
type progress struct {
	record func(rows, total int64)

	mu          sync.Mutex
	last        time.Time // when it was last recorded
	rows, total int64
	pending     bool
	byFunction  bool
}

// told takes what the function tells.
func (p *progress) told(rows, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byFunction = true
	p.set(rows, total)
}

// stored takes how many rows of a stream are stored. What the function itself
// reports has priority.
func (p *progress) stored(rows int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.byFunction {
		p.set(rows, 0)
	}
}

func (p *progress) set(rows, total int64) {
	p.rows, p.total, p.pending = rows, total, true
	if now := time.Now(); now.Sub(p.last) >= progressEvery {
		p.last, p.pending = now, false
		p.record(rows, total)
	}
}

// flush records what was not yet recorded.
func (p *progress) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pending {
		p.pending = false
		p.record(p.rows, p.total)
	}
}

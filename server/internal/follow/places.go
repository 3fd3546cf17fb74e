package follow

import "sync/atomic"

// mostStreams is how many streams there are at the same time at most.
const mostStreams = 1000

// Places are the streams that there may be at the same time. The zero value has all places
// free. It is safe for concurrent use.
type Places struct{ taken atomic.Int64 }

// Take takes a place, and reports false if there is none. Whoever has taken one calls Leave.
func (p *Places) Take() bool {
	if p.taken.Add(1) <= mostStreams {
		return true
	}
	p.taken.Add(-1)
	return false
}

// Leave gives a place back.
func (p *Places) Leave() { p.taken.Add(-1) }

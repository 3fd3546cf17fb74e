package runs

import (
	"math/rand/v2"
	"sync"
	"time"
)

// lookEvery is about the time between two looks for free places and for queued runs.
// What happens in this process needs no look.
const lookEvery = 200 * time.Millisecond

// lookout looks again and again for places on behalf of those who wait in a line. One
// goroutine does this, while there is somebody. Other processes do not tell when they give
// a place back, so it looks after a while also if it hears no news.
type lookout struct {
	look   func()        // serves those who wait
	isIdle func() bool   // reports whether nobody waits; its caller holds the lock
	news   chan struct{} // holds a token if something has changed

	mu     sync.Mutex     // guards the line too
	moving bool           // the goroutine exists
	served sync.WaitGroup // for the goroutine, and for what it starts
}

// init sets what the lookout does. It must be called once, before all other methods.
func (l *lookout) init(look func(), isIdle func() bool) {
	l.look, l.isIdle, l.news = look, isIdle, make(chan struct{}, 1)
}

// begin starts the goroutine, unless it exists or nobody waits. The caller holds the lock.
func (l *lookout) begin() {
	if !l.moving && !l.isIdle() {
		l.moving = true
		l.served.Go(l.serve)
	}
}

// move has the goroutine look at once, if it exists.
func (l *lookout) move() {
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// serve looks again and again, until nobody waits.
func (l *lookout) serve() {
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	for !l.isOver() {
		select {
		case <-l.news:
		case <-timer.C:
		}
		l.look()
		timer.Reset(lookEvery/2 + rand.N(lookEvery))
	}
}

// isOver reports whether there is nothing more to do, so that the goroutine ends.
func (l *lookout) isOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isIdle() {
		l.moving = false
	}
	return !l.moving
}

package automation

import "time"

// SetClock gives a daemon another clock on the wall, and says how often it looks for what
// others have written.
func (d *Daemon) SetClock(now func() time.Time, look time.Duration) {
	d.clock.now, d.clock.look = now, look
}

package automation

import "time"

// SetClock gives a daemon another clock on the wall, and says how often it looks for what
// others have written, and at the clock.
func (d *Daemon) SetClock(now func() time.Time, look, most time.Duration) {
	d.clock.now, d.clock.look, d.clock.most = now, look, most
}

package cron

import "time"

// NextDayByDay is Next, found day by day as near a change of the clocks.
func (e Expression) NextDayByDay(t time.Time) time.Time {
	next, _ := e.nextNear(t, searchedDays)
	return next
}

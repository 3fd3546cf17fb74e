package cron

import "time"

// searchedDays is how many days are searched for the next time. Between two leap days
// lie at most eight years.
const searchedDays = 9 * 366

// Next returns the first time of the expression after t, in the zone of the expression.
// It is zero if there is none within nine years, as beyond the end of all calendars.
func (e Expression) Next(t time.Time) time.Time {
	next := e.nextLocal
	if e.isEveryHour() {
		next = e.nextReal
	}
	return next(t)
}

// nextLocal is Next for an expression with certain hours. The moments of local times
// are in the order of the local times, so the first one after t is the next.
func (e Expression) nextLocal(t time.Time) time.Time {
	day := dateOf(t.In(e.zone)).plus(-1) // whose end may come again after t
	for range searchedDays {
		if e.hasDay(day) {
			if moment := e.nextOn(day, t); !moment.IsZero() {
				return moment
			}
		}
		day = day.plus(1)
	}
	return time.Time{}
}

// nextOn returns the first time of the expression on a day that comes after t.
func (e Expression) nextOn(day date, t time.Time) time.Time {
	if _, last, _ := moments(day.plus(1).at(0, 0), e.zone); last.Before(t) {
		return time.Time{} // the day is over
	}
	for hour := range 24 {
		if e.fields.Hour&(1<<uint(hour)) == 0 {
			continue
		}
		if _, last, _ := moments(day.at(hour, 59), e.zone); !last.After(t) {
			continue
		}
		for minute := range 60 {
			if e.fields.Minute&(1<<uint(minute)) == 0 {
				continue
			}
			_, last, exists := moments(day.at(hour, minute), e.zone)
			if last.After(t) && (exists || !isSkipped(day, e.zone)) {
				return last.In(e.zone)
			}
		}
	}
	return time.Time{}
}

// isSkipped reports whether a zone has no such day, as when it moves over the date line.
func isSkipped(day date, zone *time.Location) bool {
	start, _, begins := moments(day.at(0, 0), zone)
	end, _, ends := moments(day.at(23, 59), zone)
	return !begins && !ends && start.Equal(end)
}

// nextReal is Next for an expression for every hour.
func (e Expression) nextReal(t time.Time) time.Time {
	at := nextMinute(t, e.zone)
	for day, limit := dateOf(at.In(e.zone)), 0; limit < searchedDays; limit++ {
		if !e.hasDay(day) {
			day = day.plus(1)
			first, _, _ := moments(day.at(0, 0), e.zone)
			if first.After(at) {
				at = first
			}
			continue
		}
		for dateOf(at.In(e.zone)) == day {
			if local := at.In(e.zone); e.fields.Minute&(1<<uint(local.Minute())) != 0 && local.Second() == 0 {
				return local
			}
			at = nextMinute(at, e.zone)
		}
		day = dateOf(at.In(e.zone))
	}
	return time.Time{}
}

// nextMinute returns the next moment at which a minute begins, on the clocks of the
// zone, or at which the clocks change.
func nextMinute(t time.Time, zone *time.Location) time.Time {
	local := shown(t, zone)
	next := t.Add(local.Truncate(time.Minute).Add(time.Minute).Sub(local))
	if _, end := t.In(zone).ZoneBounds(); !end.IsZero() && end.After(t) && end.Before(next) {
		return end
	}
	return next
}

// Last returns the last times of the expression that are after after and not after
// until, the oldest first: at most limit times. It looks back nine years at most.
func (e Expression) Last(after, until time.Time, limit int) []time.Time {
	const longest = searchedDays * 24 * time.Hour
	for window := time.Hour; ; window *= 24 {
		window = min(window, longest)
		from := until.Add(-window)
		whole := window == longest
		if !from.After(after) {
			from, whole = after, true
		}
		if found := e.lastSince(from, until, limit); whole || len(found) == limit {
			return found
		}
	}
}

func (e Expression) lastSince(from, until time.Time, limit int) []time.Time {
	var found []time.Time
	for at := e.Next(from); !at.IsZero() && !at.After(until); at = e.Next(at) {
		found = append(found, at)
		if len(found) > limit {
			found = found[1:]
		}
	}
	return found
}

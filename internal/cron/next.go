package cron

import (
	"math/bits"
	"time"
)

const (
	// searchedDays is how many days are searched for the next time. Between two leap days
	// lie at most eight years.
	searchedDays = 9 * 366
	// nearChange is how far from a change of the clocks times are found day by day. No
	// change has ever moved clocks by more than a day.
	nearChange = 48 * time.Hour
	// nearDays is how many days are searched in one go near a change of the clocks.
	nearDays = 6
)

// Next returns the first time of the expression after t, in the zone of the expression.
// It is zero if there is none within nine years, as beyond the end of all calendars.
func (e Expression) Next(t time.Time) time.Time {
	for limit := t.Add(searchedDays * 24 * time.Hour); t.Before(limit); {
		offset, until, steady := e.steady(t, limit)
		if steady {
			if next := e.nextSteady(t.Add(offset), until.Add(offset)); !next.IsZero() {
				return next.Add(-offset).In(e.zone)
			}
			t = until
			continue
		}
		next, reached := e.nextNear(t, nearDays)
		if !next.IsZero() {
			return next
		}
		t = reached
	}
	return time.Time{}
}

// steady reports whether the clocks of the zone do not change around t, and until when that
// is so, at most until limit. Then they show the offset more than UTC.
func (e Expression) steady(t, limit time.Time) (offset time.Duration, until time.Time, steady bool) {
	local := t.In(e.zone)
	_, seconds := local.Zone()
	start, end := local.ZoneBounds()
	until = limit
	if !end.IsZero() && end.Add(-nearChange).Before(limit) {
		until = end.Add(-nearChange)
	}
	steady = until.After(t) && (start.IsZero() || start.Add(nearChange).Before(t))
	return time.Duration(seconds) * time.Second, until, steady
}

// nextSteady returns the first time of the expression that is after local and not after
// until, where no clocks change. All of these are what the clocks show, written as times in
// UTC. It is zero if there is none.
func (e Expression) nextSteady(local, until time.Time) time.Time {
	local, until = local.UTC(), until.UTC()
	day, from := dateOf(local), local.Hour()*60+local.Minute()+1
	for begin := day.at(0, 0); !begin.After(until); begin = day.at(0, 0) {
		if e.fields.Month&(1<<uint(day.month)) == 0 {
			day, from = dateOf(time.Date(day.year, day.month+1, 1, 0, 0, 0, 0, time.UTC)), 0
			continue
		}
		if e.hasDay(day) {
			if minute, ok := e.minuteOf(from); ok {
				if next := day.at(0, minute); !next.After(until) {
					return next
				}
				return time.Time{}
			}
		}
		day, from = day.plus(1), 0
	}
	return time.Time{}
}

// minuteOf returns the first minute of a day, from a minute on, that the expression has.
func (e Expression) minuteOf(from int) (minute int, ok bool) {
	hours, minutes := e.fields.Hour&allHours, e.fields.Minute&allMinutes
	hour := from / 60
	if late := minutes >> uint(from%60); late != 0 && hours&(1<<uint(hour)) != 0 {
		return from + bits.TrailingZeros64(late), true
	}
	later := hours >> uint(hour+1)
	if later == 0 || minutes == 0 {
		return 0, false
	}
	hour += 1 + bits.TrailingZeros64(later)
	return hour*60 + bits.TrailingZeros64(minutes), true
}

// nextNear is Next for the neighbourhood of a change of the clocks. It searches some days.
// If there is no time in them, it returns how far none was found.
func (e Expression) nextNear(t time.Time, days int) (next, reached time.Time) {
	if e.isEveryHour() {
		return e.nextReal(t, days)
	}
	return e.nextLocal(t, days)
}

// nextLocal is nextNear for an expression with certain hours. The moments of local times
// are in the order of the local times, so the first one after t is the next.
func (e Expression) nextLocal(t time.Time, days int) (next, reached time.Time) {
	day := dateOf(t.In(e.zone)).plus(-1) // whose end may come again after t
	for range days {
		if e.hasDay(day) {
			if moment := e.nextOn(day, t); !moment.IsZero() {
				return moment, time.Time{}
			}
		}
		day = day.plus(1)
	}
	reached, _, _ = moments(day.plus(-1).at(0, 0), e.zone)
	return time.Time{}, reached
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

// nextReal is nextNear for an expression for every hour.
func (e Expression) nextReal(t time.Time, days int) (next, reached time.Time) {
	at := nextMinute(t, e.zone)
	for day, limit := dateOf(at.In(e.zone)), 0; limit < days; limit++ {
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
				return local, time.Time{}
			}
			at = nextMinute(at, e.zone)
		}
		day = dateOf(at.In(e.zone))
	}
	return time.Time{}, at.Add(-1)
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

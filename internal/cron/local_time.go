package cron

import "time"

// date is a day of the calendar.
type date struct {
	year  int
	month time.Month
	day   int
}

func dateOf(t time.Time) date {
	year, month, day := t.Date()
	return date{year, month, day}
}

// plus returns the day that is n days later.
func (d date) plus(n int) date {
	return dateOf(time.Date(d.year, d.month, d.day+n, 0, 0, 0, 0, time.UTC))
}

func (d date) weekday() time.Weekday { return d.at(0, 0).Weekday() }

// at returns what the clocks show at a time of the day. It is written as a time in UTC,
// since it may exist in a time zone once, twice or not at all.
func (d date) at(hour, minute int) time.Time {
	return time.Date(d.year, d.month, d.day, hour, minute, 0, 0, time.UTC)
}

// shown returns what the clocks of a zone show at a moment.
func shown(moment time.Time, zone *time.Location) time.Time {
	_, offset := moment.In(zone).Zone()
	return moment.UTC().Add(time.Duration(offset) * time.Second)
}

// moments returns the first and the last moment at which the clocks of a zone show a
// time. If they jump over the time, both are the moment of the jump, and exists is
// false.
func moments(local time.Time, zone *time.Location) (first, last time.Time, exists bool) {
	_, guessed := local.In(zone).Zone()
	guess := local.Add(-time.Duration(guessed) * time.Second).In(zone)
	start, end := guess.ZoneBounds()
	for _, in := range []time.Time{beforeStart(start, guess), guess, end} { // the clocks may change before or after the guess
		_, offset := in.In(zone).Zone()
		moment := local.Add(-time.Duration(offset) * time.Second)
		if !shown(moment, zone).Equal(local) {
			continue
		}
		if !exists || moment.Before(first) {
			first = moment
		}
		if !exists || moment.After(last) {
			last = moment
		}
		exists = true
	}
	if exists {
		return first, last, true
	}
	jump := end
	if shown(guess, zone).After(local) {
		jump = start
	}
	return jump.UTC(), jump.UTC(), false
}

// beforeStart returns a moment in the period before the one that begins at start. The
// first period of all has no start.
func beforeStart(start, within time.Time) time.Time {
	if start.IsZero() {
		return within
	}
	return start.Add(-1)
}

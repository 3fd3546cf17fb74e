package cron_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/cron"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	found, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func parse(t testing.TB, text string, zone *time.Location) cron.Expression {
	t.Helper()
	e, err := cron.Parse(text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// times returns the times of an expression from one moment to another.
func times(e cron.Expression, after, until time.Time) []time.Time {
	var found []time.Time
	for at := e.Next(after); !at.IsZero() && !at.After(until); at = e.Next(at) {
		found = append(found, at)
	}
	return found
}

// day returns the moments between which a local day lies: a nanosecond before its begin, and
// a nanosecond before the next day.
func day(year int, month time.Month, d int, zone *time.Location) (after, until time.Time) {
	noon := time.Date(year, month, d, 12, 0, 0, 0, zone)
	start := noon
	for start.Add(-time.Minute).Day() == d {
		start = start.Add(-time.Minute)
	}
	end := noon
	for end.Day() == d {
		end = end.Add(time.Minute)
	}
	return start.Add(-1), end.Add(-1)
}

// The clocks of New York jump from 02:00 to 03:00 on 10 March 2024, and from
// 02:00 back to 01:00 on 3 November 2024. Those of Lord Howe jump from 02:00 to 02:30 on
// 6 October 2024, and from 02:00 back to 01:30 on 7 April 2024.
func TestDaysOnWhichTheClocksChange(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, expression, zone string
		year                   int
		month                  time.Month
		day                    int
		want                   []string // local times with their offsets
	}{
		{"a daily time in the gap of spring is the moment of the jump", "30 2 * * *", "America/New_York", 2024, 3, 10, []string{"03:00 -0400"}},
		{"a daily time in a gap of half an hour is the moment of the jump", "15 2 * * *", "Australia/Lord_Howe", 2024, 10, 6, []string{"02:30 +1100"}},
		{"a daily time in the overlap of autumn is the second one", "30 1 * * *", "America/New_York", 2024, 11, 3, []string{"01:30 -0500"}},
		{"a daily time in an overlap of half an hour is the second one", "45 1 * * *", "Australia/Lord_Howe", 2024, 4, 7, []string{"01:45 +1030"}},
		{"a daily time at the end of the gap is itself", "0 3 * * *", "America/New_York", 2024, 3, 10, []string{"03:00 -0400"}},
		{"a daily time at the end of the overlap is itself", "0 2 * * *", "America/New_York", 2024, 11, 3, []string{"02:00 -0500"}},
		{"two daily times that fall together are one", "30 2,3 * * *", "America/New_York", 2024, 3, 10, []string{"03:00 -0400", "03:30 -0400"}},
		{"a daily midnight that is missing is one o'clock", "0 0 * * *", "America/Sao_Paulo", 2018, 11, 4, []string{"01:00 -0200"}},
		{"a daily time in an overlap before midnight is the second one", "30 23 * * *", "America/Sao_Paulo", 2018, 2, 17, []string{"23:30 -0300"}},
		{"some hours of the gap are the moment of the jump", "*/30 1-3 * * *", "America/New_York", 2024, 3, 10, []string{"01:00 -0500", "01:30 -0500", "03:00 -0400", "03:30 -0400"}},
		{"some hours of the overlap are once", "*/30 1-2 * * *", "America/New_York", 2024, 11, 3, []string{"01:00 -0500", "01:30 -0500", "02:00 -0500", "02:30 -0500"}},
		{"either day of two fits", "0 0 13 * 5", "America/New_York", 2024, 9, 6, []string{"00:00 -0400"}},
		{"the other day of two fits", "0 0 13 * 5", "America/New_York", 2024, 5, 13, []string{"00:00 -0400"}},
		{"neither day of two fits", "0 0 13 * 5", "America/New_York", 2024, 5, 14, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			zone := zone(t, row.zone)
			after, until := day(row.year, row.month, row.day, zone)
			var got []string
			for _, at := range times(parse(t, row.expression, zone), after, until) {
				got = append(got, at.Format("15:04 -0700"))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExpressionsForEveryHourFollowRealTime(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, expression, zone string
		year                   int
		month                  time.Month
		day                    int
		want                   int
		apart                  time.Duration // 0 is anything
	}{
		{"hourly over the overlap", "0 * * * *", "America/New_York", 2024, 11, 3, 25, time.Hour},
		{"hourly over the gap", "0 * * * *", "America/New_York", 2024, 3, 10, 23, time.Hour},
		{"hourly at another minute over the gap", "30 * * * *", "America/New_York", 2024, 3, 10, 23, time.Hour},
		{"every half hour over the overlap", "*/30 * * * *", "America/New_York", 2024, 11, 3, 50, 30 * time.Minute},
		{"every half hour over an overlap of half an hour", "*/30 * * * *", "Australia/Lord_Howe", 2024, 4, 7, 49, 30 * time.Minute},
		{"every half hour over a gap of half an hour", "*/30 * * * *", "Australia/Lord_Howe", 2024, 10, 6, 47, 30 * time.Minute},
		{"hours that are written out over the overlap", "0 0-23 * * *", "America/New_York", 2024, 11, 3, 25, time.Hour},
		{"hourly over an overlap at midnight", "0 * * * *", "America/Sao_Paulo", 2018, 2, 17, 25, time.Hour},
		{"hourly over a gap at midnight", "0 * * * *", "America/Sao_Paulo", 2018, 11, 4, 23, time.Hour},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			zone := zone(t, row.zone)
			after, until := day(row.year, row.month, row.day, zone)
			got := times(parse(t, row.expression, zone), after, until)
			if len(got) != row.want {
				t.Errorf("got %d times, want %d: %v", len(got), row.want, got)
			}
			for i := 1; i < len(got); i++ {
				if apart := got[i].Sub(got[i-1]); apart != row.apart {
					t.Errorf("%s comes %s after %s", got[i], apart, got[i-1])
				}
			}
		})
	}
}

func TestADayThatAZoneSkipsHasNoTimes(t *testing.T) {
	t.Parallel()
	zone := zone(t, "Pacific/Apia") // which had no 30 December 2011
	got := times(parse(t, "0 12 * * *", zone), time.Date(2011, 12, 29, 0, 0, 0, 0, zone), time.Date(2012, 1, 1, 0, 0, 0, 0, zone))
	if len(got) != 2 || got[0].Day() != 29 || got[1].Day() != 31 {
		t.Errorf("got %v", got)
	}
}

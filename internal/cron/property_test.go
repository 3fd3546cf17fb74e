package cron_test

import (
	"fmt"
	"testing"
	"time"

	robfig "github.com/robfig/cron/v3"
	"pgregory.net/rapid"

	"github.com/fxrun/fxrun/internal/cron"
)

var zones = []string{"UTC", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "America/St_Johns"}

func anyMoment(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC).Unix()).Draw(t, "moment"), 0)
}

func anyZone(t *rapid.T) *time.Location {
	found, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func anyExpression(t *rapid.T) string {
	minute := rapid.SampledFrom([]string{"*", "*/15", "*/7", "0", "30", "5,45", "10-20"}).Draw(t, "minute")
	hour := rapid.SampledFrom([]string{"*", "*/2", "0", "1", "2", "23", "1-3", "0-23", "22,0,2"}).Draw(t, "hour")
	days := rapid.SampledFrom([]string{"* * *", "1 * *", "* * 0", "13 * 5", "* 3,10,11 *", "29 2 *", "*/2 * 1-5"}).Draw(t, "days")
	return minute + " " + hour + " " + days
}

func TestTimesAlwaysGrow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, err := cron.Parse(anyExpression(t), anyZone(t))
		if err != nil {
			t.Fatal(err)
		}
		at := anyMoment(t)
		for range 20 {
			next := e.Next(at)
			if !next.After(at) {
				t.Fatalf("after %s comes %s", at, next)
			}
			// What lies between two times has the same next time.
			between := at.Add(next.Sub(at) / 2)
			if again := e.Next(between); !again.Equal(next) {
				t.Fatalf("after %s comes %s, and after %s comes %s", at, next, between, again)
			}
			at = next
		}
	})
}

func TestNoLocalDayIsWithoutItsDailyTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := anyZone(t)
		e, err := cron.Parse(fmt.Sprintf("%d %d * * *", rapid.IntRange(0, 59).Draw(t, "minute"), rapid.IntRange(0, 23).Draw(t, "hour")), zone)
		if err != nil {
			t.Fatal(err)
		}
		at := e.Next(anyMoment(t))
		for range 120 {
			next := e.Next(at)
			day := time.Date(at.In(zone).Year(), at.In(zone).Month(), at.In(zone).Day()+1, 12, 0, 0, 0, zone)
			if next.In(zone).YearDay() != day.YearDay() || next.Sub(at) > 50*time.Hour {
				t.Fatalf("after %s comes %s", at, next)
			}
			at = next
		}
	})
}

func TestHourlyTimesAreRealHoursApart(t *testing.T) {
	t.Parallel()
	whole := []string{"UTC", "America/New_York", "America/Sao_Paulo", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(whole).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		e, err := cron.Parse(fmt.Sprintf("%d * * * *", rapid.IntRange(0, 59).Draw(t, "minute")), zone)
		if err != nil {
			t.Fatal(err)
		}
		at := e.Next(anyMoment(t).AddDate(15, 0, 0)) // St. John's once changed its clocks at one minute past midnight
		for range 24 * 100 {
			next := e.Next(at)
			if next.Sub(at) != time.Hour {
				t.Fatalf("after %s comes %s", at, next)
			}
			at = next
		}
	})
}

// TestTimesAreThoseOfRobfigWhereTheClocksDoNotChange compares the times outside of the
// three days around a change.
func TestTimesAreThoseOfRobfigWhereTheClocksDoNotChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, zone := anyExpression(t), anyZone(t)
		e, err := cron.Parse(text, zone)
		if err != nil {
			t.Fatal(err)
		}
		other, err := robfig.ParseStandard(text)
		if err != nil {
			t.Fatal(err)
		}
		at := anyMoment(t).In(zone)
		for range 30 {
			next := e.Next(at)
			if next.Sub(at) < 1000*24*time.Hour && !changes(at, next) {
				if want := other.Next(at); !next.Equal(want) {
					t.Fatalf("%s: after %s comes %s, and robfig/cron says %s", text, at, next, want)
				}
			}
			at = next
		}
	})
}

// TestTimesAreTheSameDayByDay compares the times with those that are found as if the clocks
// changed all the time.
func TestTimesAreTheSameDayByDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, err := cron.Parse(anyExpression(t), anyZone(t))
		if err != nil {
			t.Fatal(err)
		}
		at := anyMoment(t)
		if rapid.Bool().Draw(t, "near a change") {
			if _, change := at.In(e.Zone()).ZoneBounds(); !change.IsZero() {
				at = change.Add(time.Duration(rapid.Int64Range(int64(-100*time.Hour), int64(100*time.Hour)).Draw(t, "distance")))
			}
		}
		for range 5 {
			next, want := e.Next(at), e.NextDayByDay(at)
			if !next.Equal(want) {
				t.Fatalf("%s in %s: after %s comes %s, and day by day %s", e, e.Zone(), at, next, want)
			}
			at = next
		}
	})
}

// changes reports whether the clocks change in a period, or a day and a half around it.
func changes(from, to time.Time) bool {
	from, to = from.Add(-36*time.Hour), to.Add(36*time.Hour)
	_, end := from.ZoneBounds()
	return !end.IsZero() && end.Before(to)
}

func TestLastTimes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, err := cron.Parse(anyExpression(t), anyZone(t))
		if err != nil {
			t.Fatal(err)
		}
		after := anyMoment(t)
		until := after.Add(time.Duration(rapid.Int64Range(0, int64(40*24*time.Hour)).Draw(t, "length")))
		limit := rapid.IntRange(1, 50).Draw(t, "limit")
		want := times(e, after, until)
		want = want[max(0, len(want)-limit):]
		got := e.Last(after, until, limit)
		if len(got) != len(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for i := range want {
			if !got[i].Equal(want[i]) {
				t.Fatalf("got %v, want %v", got, want)
			}
		}
	})
}

package timerange_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/timerange"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	found, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestARangeIsReadAsPeopleMeanIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, zone, wantFrom, wantTo string }{
		"nothing":                          {"", "", "UTC", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		"times with an offset":             {"2026-01-31T15:04:05+01:00", "2026-01-31T15:04:05.5Z", "Asia/Tokyo", "2026-01-31T14:04:05Z", "2026-01-31T15:04:05.5Z"},
		"times of a zone":                  {"2026-01-31T15:04", "2026-01-31 15:04:30", "Europe/Berlin", "2026-01-31T14:04:00Z", "2026-01-31T14:04:30Z"},
		"one day":                          {"2026-01-31", "2026-01-31", "Europe/Berlin", "2026-01-30T23:00:00Z", "2026-01-31T23:00:00Z"},
		"the day of 23 hours":              {"2026-03-29", "2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		"the day of 25 hours":              {"2026-10-25", "2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		"a time that there is twice":       {"2026-10-25T02:30", "2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
		"a time that there is not":         {"2026-03-29T02:30", "2026-03-29T02:30", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"},
		"a time near a change":             {"2026-10-25T04:00", "2026-10-25T05:00", "Europe/Berlin", "2026-10-25T03:00:00Z", "2026-10-25T04:00:00Z"},
		"a day that begins with a change":  {"2026-04-24", "2026-04-24", "Africa/Cairo", "2026-04-23T21:00:00Z", "2026-04-24T21:00:00Z"},
		"a change of half an hour":         {"2026-04-05T01:45", "2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"},
		"a zone that is ahead of midnight": {"2026-01-31", "", "Pacific/Kiritimati", "2026-01-30T10:00:00Z", "0001-01-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := timerange.Parse(c.from, c.to, zone(t, c.zone))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{c.wantFrom, c.wantTo}, []string{got.From.Format(time.RFC3339Nano), got.To.Format(time.RFC3339Nano)}); diff != "" {
				t.Errorf("the range differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAWrongRangeIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, want string }{
		"no time":                 {"yesterday", "", `from: "yesterday" must be a time as`},
		"a day that there is not": {"", "2026-02-30", `to: "2026-02-30" must be a time as`},
		"a + that a URL has lost": {"2026-01-01T00:00:00 01:00", "", `from: "2026-01-01T00:00:00 01:00" has a space before its offset: in a URL a + stands for a space, so write %2B in its place, as in 2026-01-01T00:00:00%2B01:00`},
		"another space":           {"2026-01-01T00:00:00  01:00", "", "must be a time as"},
		"both":                    {"a", "b", "from: \"a\" must be a time as 2026-01-31T15:04 or 2026-01-31T15:04:05Z, or a day as 2026-01-31\nto: \"b\""},
		"the end first":           {"2026-01-31", "2026-01-30", `from "2026-01-31" must be before to "2026-01-30"`},
		"nothing between":         {"2026-01-31T10:00", "2026-01-31T10:00", "must be before"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := timerange.Parse(c.from, c.to, time.UTC); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2026-03-29T02:30", "2026-10-25")
	f.Add("0000-01-01", "9999-12-31T23:59:59-23:59")
	berlin := zone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, from, to string) {
		got, err := timerange.Parse(from, to, berlin)
		if err == nil && from != "" && to != "" && !got.From.Before(got.To) {
			t.Errorf("%q to %q is the empty range %v", from, to, got)
		}
	})
}

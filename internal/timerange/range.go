// Package timerange reads ranges of time as people write them.
package timerange

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Range is the time from From on and before To. A zero time sets no limit.
type Range struct{ From, To time.Time }

// Parse reads the two ends of a range, each of which may be "". It takes a time with its
// offset, as in 2026-01-31T15:04:05Z, and a local time of the zone: 2026-01-31T15:04 or
// 2026-01-31 15:04, with seconds or without. A day, 2026-01-31, is meant as a whole, also
// as the end of the range. A local time that there is twice, or not at all, because clocks
// were changed, is taken so that the range is the longer one. The error joins what is wrong.
func Parse(from, to string, zone *time.Location) (Range, error) {
	first, _, fromErr := parse(from, zone)
	_, last, toErr := parse(to, zone)
	if err := errors.Join(named("from", fromErr), named("to", toErr)); err != nil {
		return Range{}, err
	}
	if !first.IsZero() && !last.IsZero() && !first.Before(last) {
		return Range{}, fmt.Errorf("from %q must be before to %q", from, to)
	}
	return Range{first, last}, nil
}

func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

const day = "2006-01-02"

// parse returns the first and the last moment that a text may mean. For a day, the last
// moment is the beginning of the next day.
func parse(text string, zone *time.Location) (first, last time.Time, err error) {
	if text == "" {
		return first, last, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), at.UTC(), nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if local, err := time.Parse(layout, text); err == nil {
			first, last = moments(local, zone)
			return first, last, nil
		}
	}
	local, err := time.Parse(day, text)
	if err != nil {
		if hasLostPlus(text) {
			return first, last, fmt.Errorf("%q has a space before its offset: in a URL a + stands for a space, so write %%2B in its place, as in %s",
				text, strings.Replace(text, " ", "%2B", 1))
		}
		return first, last, fmt.Errorf("%q must be a time as 2026-01-31T15:04 or 2026-01-31T15:04:05Z, or a day as 2026-01-31", text)
	}
	first, _ = moments(local, zone)
	_, last = moments(local.AddDate(0, 0, 1), zone)
	return first, last, nil
}

// hasLostPlus reports whether a text is a time whose offset had a + before it.
func hasLostPlus(text string) bool {
	_, err := time.Parse(time.RFC3339, strings.Replace(text, " ", "+", 1))
	return err == nil
}

// moments returns the first and the last moment at which the clocks of a zone show a time,
// which is given as if it were UTC. If they never show it, the two are around the moment at
// which they were changed.
func moments(shown time.Time, zone *time.Location) (first, last time.Time) {
	var all, real []time.Time
	for _, apart := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := shown.Add(apart).In(zone).Zone()
		at := shown.Add(-time.Duration(offset) * time.Second)
		all = append(all, at)
		if _, now := at.In(zone).Zone(); now == offset {
			real = append(real, at)
		}
	}
	if len(real) == 0 {
		real = all
	}
	first, last = real[0], real[len(real)-1]
	if last.Before(first) {
		first, last = last, first
	}
	return first.UTC(), last.UTC()
}

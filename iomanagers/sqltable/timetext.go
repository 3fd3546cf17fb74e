package sqltable

import (
	"strings"
	"time"
)

// timeLayout is how times are written where they are text. Such times sort, and
// SQLite's date functions read them.
const timeLayout = "2006-01-02 15:04:05.999999999-07:00"

// utcZone is the zone of times in UTC in this layout.
const utcZone = "+00:00"

// timeText writes a time in UTC, of a year of four digits, in timeLayout. Package time writes and
// reads the layout of RFC 3339 several times as fast as others, and two characters are the difference.
func timeText(t time.Time) string {
	var memory [len(timeLayout)]byte
	text := t.AppendFormat(memory[:0], time.RFC3339Nano)
	text[len(time.DateOnly)] = ' '
	return string(append(text[:len(text)-len("Z")], utcZone...))
}

// parseTimeText reads what timeText writes.
func parseTimeText(text string) (time.Time, bool) {
	var memory [len(timeLayout)]byte
	date, clock, _ := strings.Cut(text, " ")
	clock, utc := strings.CutSuffix(clock, utcZone)
	if !utc || len(text) > len(memory) {
		return time.Time{}, false
	}
	rfc := append(append(append(append(memory[:0], date...), 'T'), clock...), 'Z')
	t, err := time.Parse(time.RFC3339Nano, string(rfc))
	return t, err == nil
}

// otherTimeLayouts are how other programs write times as text. Without a zone they are in UTC, as
// SQLite itself takes them. The last one is that of time.Time.String, which modernc.org/sqlite
// writes if it is not told otherwise.
var otherTimeLayouts = []string{
	"2006-01-02T15:04:05.999999999-07:00",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04",
	"2006-01-02T15:04",
	"2006-01-02",
	"2006-01-02 15:04:05.999999999 -0700 MST",
}

// parseTime reads the times that drivers for SQLite read from a column of times. A driver tries
// its layouts in turn for each value, and makes an error for each that does not fit. This would be
// a fifth of a load.
func parseTime(text string) (time.Time, bool) {
	if t, ok := parseTimeText(text); ok {
		return t, true
	}
	if t, err := time.Parse(timeLayout, text); err == nil {
		return t, true
	}
	text, _, _ = strings.Cut(text, " m=") // a reading of the monotonic clock
	text = strings.TrimSuffix(strings.TrimSpace(text), "Z")
	for _, layout := range otherTimeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

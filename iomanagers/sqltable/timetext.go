package sqltable

import (
	"strings"
	"time"
)

// timeLayout is how times are written where they are text. Such times sort, and
// SQLite's date functions read them.
const timeLayout = "2006-01-02 15:04:05.999999999-07:00"

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

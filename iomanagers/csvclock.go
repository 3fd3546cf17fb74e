package iomanagers

import "time"

// csvClock is a layout of times that is read and written without package time, which needs several
// times as long. What it does not take goes to package time, with the same result for every text.
type csvClock struct {
	between byte   // the date and the time of day; 0 if there is no time of day
	end     string // the zone, which is UTC
}

// clockOf returns the clock of a layout, nil if it has none.
func clockOf(layout string) *csvClock {
	switch layout {
	case time.DateTime:
		return &csvClock{between: ' '}
	case time.DateOnly:
		return &csvClock{}
	case "2006-01-02T15:04:05":
		return &csvClock{between: 'T'}
	}
	return nil
}

// rfc3339 is the clock of times in UTC without a layout.
var rfc3339 = csvClock{between: 'T', end: "Z"}

const (
	dateLength  = len(time.DateOnly)
	clockLength = len(time.DateTime)
	nanoDigits  = 9
)

// read reads a time. It returns false for a text that is not one, or is written in another way.
func (c *csvClock) read(text []byte) (t time.Time, ok bool) {
	end := len(text) - len(c.end)
	if end < dateLength || string(text[end:]) != c.end || text[4] != '-' || text[7] != '-' {
		return t, false
	}
	year := 100*twoDigits(text[0:2]) + twoDigits(text[2:4])
	month, day := twoDigits(text[5:7]), twoDigits(text[8:10])
	if year < 0 || twoDigits(text[2:4]) < 0 || month < 1 || month > 12 || day < 1 || day > 31 {
		return t, false
	}
	hour, minute, second, nano := 0, 0, 0, 0
	if c.between != 0 {
		if end < clockLength || text[10] != c.between || text[13] != ':' || text[16] != ':' {
			return t, false
		}
		hour, minute, second = twoDigits(text[11:13]), twoDigits(text[14:16]), twoDigits(text[17:19])
		if nano, ok = fraction(text[clockLength:end]); !ok || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
			return t, false
		}
	} else if end != dateLength {
		return t, false
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, nano, time.UTC)
	return t, day <= 28 || t.Day() == day
}

// twoDigits returns the number that two digits are, a negative one if they are none.
func twoDigits(text []byte) int {
	a, b := text[0]-'0', text[1]-'0'
	if a > 9 || b > 9 {
		return -10_000
	}
	return 10*int(a) + int(b)
}

// fraction reads the fraction of a second, which may be missing.
func fraction(text []byte) (nanos int, ok bool) {
	if len(text) == 0 {
		return 0, true
	}
	if text[0] != '.' || len(text) == 1 || len(text) > 1+nanoDigits {
		return 0, false
	}
	n, ok := wholeNumber(text[1:])
	for range 1 + nanoDigits - len(text) {
		n *= 10
	}
	return int(n), ok && n >= 0
}

// add appends a time in UTC that the layout holds. It returns false for others.
func (c *csvClock) add(b []byte, t time.Time) ([]byte, bool) {
	if t.Location() != time.UTC || t.Nanosecond() != 0 {
		return b, false
	}
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if year < 0 || year > 9999 || c.between == 0 && hour+minute+second > 0 {
		return b, false
	}
	b = addTwoDigits(addTwoDigits(b, year/100), year%100)
	b = addTwoDigits(append(b, '-'), int(month))
	b = addTwoDigits(append(b, '-'), day)
	if c.between != 0 {
		b = addTwoDigits(append(b, c.between), hour)
		b = addTwoDigits(append(b, ':'), minute)
		b = addTwoDigits(append(b, ':'), second)
	}
	return append(b, c.end...), true
}

func addTwoDigits(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

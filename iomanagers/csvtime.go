package iomanagers

import (
	"errors"
	"fmt"
	"time"
	"unsafe"
)

// timeCell writes times as RFC 3339 says, with as many digits of the second as there are.
func timeCell() csvCell {
	return csvCell{
		want: "time.Time",
		add: func(b []byte, p unsafe.Pointer, omit bool) ([]byte, error) {
			t := *(*time.Time)(p)
			if omit && t.IsZero() {
				return b, nil
			}
			if b, ok := rfc3339.add(b, t); ok {
				return b, nil
			}
			if t.Location() != time.UTC {
				if _, offset := t.Zone(); offset%60 != 0 {
					return b, fmt.Errorf("%w: the zone of %v has an offset with seconds, which the text of a time lacks: store it in UTC", ErrUnsupported, t)
				}
			}
			b, err := t.AppendText(b)
			if err != nil {
				err = fmt.Errorf("%w: the text of a time has a year of four digits, and an offset of less than a day: %v: %w", ErrUnsupported, t, err)
			}
			return b, err
		},
		set: func(p unsafe.Pointer, text []byte) error {
			if t, ok := rfc3339.read(text); ok {
				*(*time.Time)(p) = t
				return nil
			}
			if len(text) > len("2006-01-02T15:04:05.123456789Z") && isTooFine(text) {
				return errTooFine
			}
			if err := (*time.Time)(p).UnmarshalText(text); err != nil {
				return fmt.Errorf(`a time is written like 2006-01-02T15:04:05Z; for another form give the field a tag such as layout:"2006-01-02 15:04:05": %w`, err)
			}
			return nil
		},
	}
}

// layoutCell writes times in a layout of package time.
func layoutCell(layout string) (csvCell, error) {
	utc := time.Date(2001, 2, 3, 4, 5, 6, 789, time.UTC)
	elsewhere := func(name string) time.Time {
		return time.Date(2001, 2, 3, 4, 5, 6, 789, time.FixedZone(name, 5*3600+1800))
	}
	if utc.Format(layout) == time.Date(1999, 12, 31, 23, 58, 57, 123456789, time.UTC).Format(layout) {
		return csvCell{}, fmt.Errorf("has the layout %q, which has no part of a time: write how the time 2006-01-02 15:04:05 would be written", layout)
	}
	if elsewhere("ABC").Format(layout) != elsewhere("DEF").Format(layout) {
		return csvCell{}, fmt.Errorf("has the layout %q with the name of a zone, which does not say which zone is meant: use an offset, as -0700", layout)
	}
	clock := clockOf(layout)
	hasZone := utc.Format(layout) != elsewhere("ABC").Format(layout)
	return csvCell{
		want: "time.Time",
		text: true,
		add: func(b []byte, p unsafe.Pointer, omit bool) ([]byte, error) {
			t := *(*time.Time)(p)
			if omit && t.IsZero() {
				return b, nil
			}
			if !hasZone {
				t = t.UTC()
			}
			if clock != nil {
				if b, ok := clock.add(b, t); ok {
					return b, nil
				}
			}
			start := len(b)
			b = t.AppendFormat(b, layout)
			if back, err := time.Parse(layout, string(b[start:])); err != nil || !back.Equal(t) {
				return b, fmt.Errorf("%w: the layout %q cannot hold %v: its text %q is another time", ErrUnsupported, layout, t, b[start:])
			}
			return b, nil
		},
		set: func(p unsafe.Pointer, text []byte) error {
			if clock != nil {
				if t, ok := clock.read(text); ok {
					*(*time.Time)(p) = t
					return nil
				}
			}
			if isTooFine(text) {
				return errTooFine
			}
			t, err := time.Parse(layout, string(text))
			*(*time.Time)(p) = t
			return err
		},
	}, nil
}

var errTooFine = errors.New("it has more than nine digits of the second")

// isTooFine finds a fraction of a second whose end package time would drop.
func isTooFine(text []byte) bool {
	digits, fraction := 0, false
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' || c == ',':
			digits, fraction = 0, true
			continue
		default:
			digits, fraction = 0, false
		}
		if fraction && digits > 9 {
			return true
		}
	}
	return false
}

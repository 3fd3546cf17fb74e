package sqltable_test

import (
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers/sqltable"
)

func TestTimesOfSQLiteHaveOneForm(t *testing.T) {
	t.Parallel()
	for _, moment := range []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 2, 28, 23, 59, 59, 0, time.UTC),
		time.Date(2026, 2, 28, 23, 59, 59, 120_000_000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	} {
		text := sqltable.TimeText(moment)
		if want := moment.Format("2006-01-02 15:04:05.999999999-07:00"); text != want {
			t.Errorf("%v is written as %q, want %q", moment, text, want)
		}
		if got, ok := sqltable.ParseTimeText(text); !ok || !got.Equal(moment) {
			t.Errorf("%q is read as %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{
		"", "+00:00", "2026-02-28", "2026-02-28T23:59:59+00:00", "2026-02-30 23:59:59+00:00", "2026-02-28 23:59:59",
		"2026-02-28 23:59:59+01:00", "2026-02-28 23:59:59.1234567890123456789+00:00",
	} {
		if got, ok := sqltable.ParseTimeText(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

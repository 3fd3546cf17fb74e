package cron_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/internal/cron"
)

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "it is empty",
		"  ":                              "it is empty",
		"TZ=UTC":                          "it names a time zone",
		"CRON_TZ=Europe/Berlin 0 2 * * *": "it names a time zone",
		"@every 5m":                       "@every has no fixed times",
		"@sometimes":                      "unrecognized descriptor",
		"0 2 * *":                         "it has 4 fields, and not the five minute, hour, day of the month, month and day of the week",
		"0 2 * * 8":                       "the day of the week is 8: 8 is not between 0 and 7",
		"0 2 * * 0 7":                     "it has 6 fields",
		"0 2 7 7 L":                       `the day of the week is L: "L" is neither a whole number nor a name from sun to sat`,
		"0 0 15W * *":                     `the day of the month is 15W: "15W" is no whole number`,
		"0 0 * january *":                 `the month is january: "january" is neither a whole number nor a name from jan to dec`,
		"0 25 * * *":                      "the hour is 25: 25 is not between 0 and 23",
		"0 9 * * 1–5":                     `the day of the week is 1–5: "1–5" is neither`,
		"0 9,,17 * * *":                   "the hour is 9,,17: a value is missing beside a comma",
		"0 9, * * *":                      "a value is missing beside a comma",
		", 2 * * *":                       "a value is missing beside a comma",
		"*-5 * * * *":                     `the minute is *-5: "*" is no whole number`,
		"?-5 * * * *":                     `the minute is ?-5: "?" is no whole number`,
		"+5 * * * *":                      `"+5" is no whole number`,
		"-5 * * * *":                      `"" is no whole number`,
		"*/ * * * *":                      `the step "" is no whole number above zero`,
		"*/0 * * * *":                     `the step "0" is no whole number above zero`,
		"*/1.5 * * * *":                   `the step "1.5" is no whole number above zero`,
		"0 0 */32 * *":                    "the step 32 is longer than the 31 values of the field",
		"0 0 1 */13 *":                    "the step 13 is longer than the 12 values of the field",
		"0 0 * * */8":                     "the step 8 is longer than the 7 values of the field",
		"*/90 * * * *":                    "the minute is */90: the step 90 is longer than the 60 values of the field",
		"0 */36 * * *":                    "the step 36 is longer than the 24 values of the field",
		"0 22-2 * * *":                    "the hour is 22-2: the range 22-2 ends before it begins: write two ranges",
		"0 9 * * 5-1":                     "the range 5-1 ends before it begins",
		"0 9 * * 1,5-2":                   "the range 5-2 ends before it begins",
		"61 * * * 9":                      "61 is not between 0 and 59\nthe day of the week is 9",
		"0 0 30 2 *":                      "no time of the calendar fits it",
	} {
		t.Run("the expression "+text, func(t *testing.T) {
			t.Parallel()
			_, err := cron.Parse(text, nil)
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "reading the cron expression") {
				t.Errorf("got %v, want an error with %q", err, want)
			}
		})
	}
}

func TestParseReadsWhatIsCommon(t *testing.T) {
	t.Parallel()
	from := time.Date(2024, 2, 1, 10, 7, 30, 0, time.UTC) // a Thursday
	for text, want := range map[string]string{
		"@hourly":         "2024-02-01T11:00:00Z",
		"@daily":          "2024-02-02T00:00:00Z",
		"@weekly":         "2024-02-04T00:00:00Z",
		"0 0 29 2 *":      "2024-02-29T00:00:00Z",
		"0 9 * * MON":     "2024-02-05T09:00:00Z",
		"0 9 * * 7":       "2024-02-04T09:00:00Z",
		"0 9 * * 6-7":     "2024-02-03T09:00:00Z",
		"0 9 * * 5-7/2":   "2024-02-02T09:00:00Z",
		"0 9 * * 1,7":     "2024-02-04T09:00:00Z",
		"0 9 * * 07":      "2024-02-04T09:00:00Z",
		"0 9 * * 7-1":     "2024-02-04T09:00:00Z",
		"0 9 * * 7/2":     "2024-02-03T09:00:00Z",
		"0 9 * * 3/2":     "2024-02-02T09:00:00Z",
		"0 9 * * fri-sun": "2024-02-02T09:00:00Z",
		"0 9 * * Sat-SUN": "2024-02-03T09:00:00Z",
		"0 9 * * sun":     "2024-02-04T09:00:00Z",
		"0 9 * * */3":     "2024-02-03T09:00:00Z",
		"0 9 1 * ?":       "2024-03-01T09:00:00Z",
		"*/60 * * * *":    "2024-02-01T11:00:00Z",
		"*/5 * * * *":     "2024-02-01T10:10:00Z",
		"30  9 1 jan * ":  "2025-01-01T09:30:00Z",
	} {
		t.Run("the expression "+text, func(t *testing.T) {
			t.Parallel()
			if got := parse(t, text, nil).Next(from).Format(time.RFC3339); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// Each expression is compared with the days that it means, from Sunday to Saturday.
func TestDaysOfTheWeek(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"*": "SMTWTFS", "0-7": "SMTWTFS", "1-7": "SMTWTFS", "sun-sat": "SMTWTFS", "*/2": "S-T-T-S",
		"0": "S------", "7": "S------", "sun": "S------", "7-7": "S------", "sun-sun": "S------",
		"fri-sun": "S----FS", "5-7": "S----FS", "mon-7": "SMTWTFS", "7-1": "SM-----", "sun-1": "SM-----",
		"0/2": "S-T-T-S", "7/2": "S-T-T-S", "sun/2": "S-T-T-S", "2/2": "--T-T-S", "6/2": "------S",
		"1-7/3": "SM--T--", "4-7/3": "S---T--", "4-sun/3": "S---T--", "6-7/2": "------S", "1-5,7": "SMTWTF-",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			e := parse(t, "0 9 * * "+text, nil)
			got := []byte("-------")
			for _, at := range times(e, time.Date(2024, 2, 4, 0, 0, 0, 0, time.UTC), time.Date(2024, 2, 11, 0, 0, 0, 0, time.UTC)) {
				got[at.Weekday()] = "SMTWTFS"[at.Weekday()]
			}
			if string(got) != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"0 2 * * *", "TZ=UTC", "@daily", "*/7 1-3 13 * 5", "0 0 31 2 *", ", , , , ,", "0 0-23/99999999999 * * *"} {
		f.Add(text, int64(1_700_000_000))
	}
	zone := zone(f, "America/New_York")
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		e, err := cron.Parse(text, zone)
		if err != nil {
			return
		}
		at := time.Unix(seconds%(1<<35), 0)
		if next := e.Next(at); !next.IsZero() && !next.After(at) {
			t.Errorf("after %s comes %s", at, next)
		}
	})
}

func BenchmarkNext(b *testing.B) {
	for _, text := range []string{"0 2 * * *", "*/5 * * * *", "* 9-17 * * 1-5"} {
		b.Run(text, func(b *testing.B) {
			e := parse(b, text, zone(b, "Europe/Berlin"))
			at := time.Date(2024, 2, 1, 10, 7, 30, 0, time.UTC)
			for b.Loop() {
				at = e.Next(at)
			}
		})
	}
}

// BenchmarkAYear computes all times of a hundred expressions in a year.
func BenchmarkAYear(b *testing.B) {
	var all []cron.Expression
	for i := range 100 {
		text := []string{"%d 3 * * *", "%d * * * *", "%d 8-17 * * 1-5", "%d 0 1 * *"}[i%4]
		all = append(all, parse(b, fmt.Sprintf(text, i%60), zone(b, "Europe/Berlin")))
	}
	for b.Loop() {
		count := 0
		for _, e := range all {
			end := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
			for at := e.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)); at.Before(end); at = e.Next(at) {
				count++
			}
		}
		b.ReportMetric(float64(count), "times")
	}
}

func BenchmarkParseAnImpossibleDay(b *testing.B) {
	in := zone(b, "America/New_York")
	for b.Loop() {
		if _, err := cron.Parse("0 0 30 2 *", in); err == nil {
			b.Fatal("it was read")
		}
	}
}

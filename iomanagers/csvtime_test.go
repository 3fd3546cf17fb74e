package iomanagers_test

import (
	"strings"
	"testing"
	"time"
)

// FuzzCSVTime holds the times of CSV to those of package time.
func FuzzCSVTime(f *testing.F) {
	for _, text := range []string{
		"2026-11-28T11:58:59Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2023-02-29T00:00:00Z", "2024-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
		"2026-01-01T00:00:60Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00z", "2026-1-01T000:00:00Z", "2O26-01-01T00:00:00Z",
		"+026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00+01:00", "2026-01-01T0/:00:00Z", "2026-01-01T0::00:00Z",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || strings.ContainsAny(text, ",\"\r\n") {
			t.Skip("not one plain field")
		}
		type row struct {
			ID int
			At time.Time
		}
		got, err := decodeCSV[row]("ID,At\n1," + text + "\n")
		var want time.Time
		if wantErr := want.UnmarshalText([]byte(text)); wantErr != nil {
			if err == nil {
				t.Errorf("%q is read as %v, and is no time", text, got[0].At)
			}
			return
		}
		if err == nil && (!got[0].At.Equal(want) || got[0].At.String() != want.String()) {
			t.Errorf("%q is read as %v, want %v", text, got[0].At, want)
		}
		if err != nil && len(text) < 31 {
			t.Errorf("%q is refused: %v", text, err)
		}
	})
}

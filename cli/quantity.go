package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/internal/quantity"
)

// durationText returns a duration as a short text, such as 340ms, 3.4s or 2m10s.
func durationText(d time.Duration) string {
	switch {
	case d <= 0:
		return "0s"
	case d < time.Millisecond:
		return "<1ms"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// timeText returns a time in local time. It is "" for the zero time.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

// countText returns a number with separated thousands, such as 12,000.
func countText(n int64) string { return quantity.Count(n, ",") }

// wholeNumber reads a count. A count from a store and a count from a function have
// different types.
func wholeNumber(value any) (int64, bool) {
	switch value := value.(type) {
	case int:
		return int64(value), true
	case int64:
		return value, true
	case json.Number:
		n, err := value.Int64()
		return n, err == nil
	}
	return 0, false
}

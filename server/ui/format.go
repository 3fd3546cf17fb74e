package ui

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/quantity"
)

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// durationText returns a duration with three digits, such as 340 ms or 3.40 s.
func durationText(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", float64(d.Microseconds())/1000)
	case d < time.Minute:
		return fmt.Sprintf("%.3g s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d %02d h", int(d.Hours())/24, int(d.Hours())%24)
}

// countText returns a number with thin spaces between its thousands.
func countText(n int64) string { return quantity.Count(n, "\u202f") }

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return countText(int64(n)) + " " + noun + "s"
}

// shortID returns the part of the ID of a run that tells it from its neighbours.
func shortID(id string) string {
	if len(id) > 16 {
		return "…" + id[len(id)-8:]
	}
	return id
}

// number reads a value of metadata that is a number.
func number(value any) (float64, bool) {
	switch value := value.(type) {
	case int:
		return float64(value), true
	case int64:
		return float64(value), true
	case float64:
		return value, true
	case json.Number:
		n, err := value.Float64()
		return n, err == nil
	}
	return 0, false
}

func rowsOf(value history.AssetMaterialized) (int64, bool) {
	n, ok := number(value.Metadata["rows"])
	return int64(n), ok
}

// valueText returns a value of metadata, or of an attribute of a log line, as text.
func valueText(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return value
	case json.Number:
		return value.String()
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(encoded)
}

// statusClass returns the class of a badge for the status of a run or of a step.
func statusClass(status string) string {
	switch status {
	case string(history.StatusSucceeded):
		return "ok"
	case string(history.StatusFailed):
		return "bad"
	case string(history.StatusCancelled), string(history.StepStatusSkipped):
		return "warn"
	case string(history.StatusRunning), string(history.StatusStarting):
		return "run"
	}
	return ""
}

// cut cuts a text that has more letters than most.
func cut(text string, most int) string {
	if len(text) <= most { // bytes: no text with so few has more letters
		return text
	}
	letters := []rune(text)
	if len(letters) <= most {
		return text
	}
	return string(letters[:most-1]) + "…"
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

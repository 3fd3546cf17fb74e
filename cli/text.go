package cli

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes one line of text that came from elsewhere: control characters,
// with which it could move the cursor or hide something, become spaces.
func clean(text string) string {
	if !strings.ContainsFunc(text, isControl) {
		return text
	}
	return strings.Join(strings.FieldsFunc(text, isControl), " ")
}

func isControl(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// cleanLines is clean for text of several lines.
func cleanLines(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = clean(strings.ReplaceAll(line, "\t", "    "))
	}
	return strings.Join(lines, "\n")
}

// cut shortens text to width columns, with an ellipsis for what is lost.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	if width <= 1 {
		return "…"
	}
	return string([]rune(text)[:width-1]) + "…"
}

func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

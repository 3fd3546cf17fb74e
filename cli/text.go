package cli

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes one line of a text from outside. Control characters become spaces,
// because they could move the cursor or hide text.
func clean(text string) string {
	if !strings.ContainsFunc(text, isControl) {
		return text
	}
	return strings.Join(strings.FieldsFunc(text, isControl), " ")
}

// isControl reports whether a character controls a terminal, or changes the
// direction of the text.
func isControl(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return true
	}
	return unicode.Is(unicode.Bidi_Control, r)
}

// cleanLines does the same as clean for a text of several lines.
func cleanLines(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = clean(strings.ReplaceAll(line, "\t", "    "))
	}
	return strings.Join(lines, "\n")
}

// cut shortens a text to width columns. An ellipsis replaces the part that is cut
// off.
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

package postgres

import (
	"strings"
	"unicode/utf8"
)

// PostgreSQL keeps no text with the character U+0000. So U+0000 and U+0001 are written as
// two characters each. Escaped texts have the same order as the texts.
var (
	escapes   = strings.NewReplacer("\x00", "\x01\x01", "\x01", "\x01\x02")
	unescapes = strings.NewReplacer("\x01\x01", "\x00", "\x01\x02", "\x01")
)

// escape returns a text as it is stored. A text that is not UTF-8 is never stored, and
// becomes one that no stored text is equal to.
func escape(text string) string {
	if !utf8.ValidString(text) {
		return "\x01\x03" + strings.ToValidUTF8(text, "\x01\x03")
	}
	return escapes.Replace(text)
}

func unescape(stored string) string { return unescapes.Replace(stored) }

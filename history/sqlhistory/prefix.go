package sqlhistory

import (
	"sort"
	"unicode/utf8"
)

// afterPrefix returns the first text that comes after all texts that begin with
// prefix, in the order of bytes. It returns "" if there is no such text.
func afterPrefix(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1})
		}
	}
	return ""
}

// firstFrom returns the first text of all texts in UTF-8 that does not come before the
// given one, in the order of bytes. It returns false if there is no such text.
func firstFrom(text string) (string, bool) {
	whole := len(text)
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				whole = i
				break
			}
		}
	}
	rest := text[whole:]
	if rest == "" {
		return text, true
	}
	// The order of runes is that of their bytes.
	if n := sort.Search(runes, func(n int) bool { return string(runeNumber(n)) >= rest }); n < runes {
		return text[:whole] + string(runeNumber(n)), true
	}
	for whole > 0 {
		last, size := utf8.DecodeLastRuneInString(text[:whole])
		whole -= size
		if last < utf8.MaxRune {
			return text[:whole] + string(runeNumber(numberOfRune(last)+1)), true
		}
	}
	return "", false
}

// UTF-8 has no surrogates, so runes are numbered without them.
const (
	surrogates     = 0x800
	firstSurrogate = 0xd800
	runes          = utf8.MaxRune + 1 - surrogates
)

func runeNumber(n int) rune {
	if n >= firstSurrogate {
		n += surrogates
	}
	return rune(n)
}

func numberOfRune(r rune) int {
	if r >= firstSurrogate {
		return int(r) - surrogates
	}
	return int(r)
}

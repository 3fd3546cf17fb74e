package sqlhistory_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fxrun/fxrun/history/sqlhistory"
)

func TestFirstFromIsTheNextTextInUTF8(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "a": "a", "a\x80": "a\u0080", "\x80": "\u0080", "\xc3": "\u00c0", "a\xe4\xbd": "a\u4f40", "\xed\xa0": "\ue000",
		"a\xff": "b", "a\U0010ffff\xff": "b", "\ud7ff\xff": "\ue000", "é\xf5": "ê",
	} {
		if got, some := sqlhistory.FirstFrom(text); got != want || !some {
			t.Errorf("FirstFrom(%q) = %q, %v, want %q", text, got, some, want)
		}
	}
	for _, text := range []string{"\xff", "\U0010ffff\xff"} {
		if got, some := sqlhistory.FirstFrom(text); some {
			t.Errorf("FirstFrom(%q) = %q, want none", text, got)
		}
	}
}

func FuzzFirstFrom(f *testing.F) {
	f.Add("a\xff", "b")
	f.Add("\xed\xa0", "\ue000")
	f.Fuzz(func(t *testing.T, text, other string) {
		other = strings.ToValidUTF8(other, string(rune(rand.IntN(utf8.MaxRune))))
		first, some := sqlhistory.FirstFrom(text)
		if some && (first < text || !utf8.ValidString(first)) {
			t.Errorf("FirstFrom(%q) = %q", text, first)
		}
		if (other >= text) != (some && other >= first) { // no text in UTF-8 is between them
			t.Errorf("FirstFrom(%q) = %q, %v, but %q is between them", text, first, some, other)
		}
	})
}

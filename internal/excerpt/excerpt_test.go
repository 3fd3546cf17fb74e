package excerpt_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fxrun/fxrun/internal/excerpt"
)

func TestALongTextIsCutWithANoteOfItsLength(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"of letters":               strings.Repeat("a", 50<<20),
		"of characters of 2":       strings.Repeat("é", 1<<20),
		"of characters of 3":       strings.Repeat("語", 1<<20),
		"of characters of 4":       strings.Repeat("🙂", 1<<20),
		"of bytes that are no UTF": strings.Repeat("\x80", 2<<20),
		"that is one too long":     strings.Repeat("a", excerpt.Longest+1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := excerpt.Of(text)
			if len(got) > excerpt.Longest || len(got) < excerpt.Longest-10 || !strings.HasSuffix(got, " bytes)") || utf8.ValidString(text) != utf8.ValidString(got) {
				t.Errorf("it has %d bytes, and ends with %q", len(got), got[len(got)-80:])
			}
			if again := excerpt.Of(got); again != got {
				t.Error("it is cut again")
			}
		})
	}
	t.Run("a text of the greatest length is kept", func(t *testing.T) {
		t.Parallel()
		text := strings.Repeat("a", excerpt.Longest)
		if excerpt.Of(text) != text {
			t.Error("it is cut")
		}
	})
	t.Run("the note says how long it was", func(t *testing.T) {
		t.Parallel()
		if got := excerpt.Of(strings.Repeat("a", 3<<20)); !strings.HasSuffix(got, "a... (this is the beginning of a text of 3145728 bytes)") {
			t.Errorf("it ends with %q", got[len(got)-80:])
		}
	})
}

// Package excerpt shortens texts of any length, so that one of them cannot fill a history.
package excerpt

import (
	"fmt"
	"unicode/utf8"

	"github.com/fxrun/fxrun/history"
)

// Longest is how many bytes a text keeps at most, with the note that it was cut.
const Longest = 1 << 20

// Of returns a text of at most Longest bytes as it is. Of a longer one it returns the
// beginning, with a note of how long the text is. The result is no longer than Longest, so
// that it is returned as it is when it is given to Of again.
func Of(text string) string {
	if len(text) <= Longest {
		return text
	}
	note := fmt.Sprintf("... (this is the beginning of a text of %d bytes)", len(text))
	end := Longest - len(note)
	for back := 1; back < utf8.UTFMax && !utf8.RuneStart(text[end]); back++ {
		end--
	}
	return text[:end] + note
}

// OfFailure returns a failure whose texts are those of Of.
func OfFailure(failure history.Failure) history.Failure {
	return history.Failure{Message: Of(failure.Message), Stack: Of(failure.Stack)}
}

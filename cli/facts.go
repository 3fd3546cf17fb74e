package cli

import (
	"io"
	"strings"
)

// facts are lines that consist of a name and a value.
type facts struct{ lines [][2]string }

// add adds a line, unless there are no values.
func (f *facts) add(name string, values ...string) {
	if text := strings.Join(values, ", "); text != "" {
		f.lines = append(f.lines, [2]string{name, text})
	}
}

func (f *facts) write(w io.Writer, s screen) {
	width := 0
	for _, line := range f.lines {
		width = max(width, len(line[0]))
	}
	var text strings.Builder
	for _, line := range f.lines {
		continued := "\n" + strings.Repeat(" ", width+len(gap))
		text.WriteString(s.in(dim, padded(line[0], width)) + gap + strings.ReplaceAll(cleanLines(line[1]), "\n", continued) + "\n")
	}
	_, _ = io.WriteString(w, text.String())
}

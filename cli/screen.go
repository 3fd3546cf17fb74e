package cli

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// screen is what is known of the place that output goes to. The zero screen
// is a file or a pipe.
type screen struct {
	terminal bool // it can be repainted
	colours  bool
	fd       int
}

// screenOf looks at a writer.
func screenOf(w io.Writer) screen {
	file, ok := w.(interface{ Fd() uintptr })
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return screen{}
	}
	dumb := os.Getenv("TERM") == "dumb"
	return screen{terminal: !dumb, colours: !dumb && os.Getenv("NO_COLOR") == "", fd: int(file.Fd())}
}

// size returns columns and lines now; people resize windows.
func (s screen) size() (width, height int) {
	if s.terminal {
		if width, height, err := term.GetSize(s.fd); err == nil && width > 0 && height > 0 {
			return width, height
		}
	}
	return 80, 24
}

// colour is the number of an ANSI rendition; 0 is plain.
type colour int

const (
	plain  colour = 0
	bold   colour = 1
	dim    colour = 2
	red    colour = 31
	green  colour = 32
	yellow colour = 33
	cyan   colour = 36
)

// in renders text in a colour, if the screen has colours.
func (s screen) in(c colour, text string) string {
	if !s.colours || c == plain || text == "" {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", c, text)
}

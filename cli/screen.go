package cli

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// screen describes where the output goes. The zero screen is a file or a pipe.
type screen struct {
	terminal bool // whether lines can be repainted
	colours  bool
	fd       int
}

// screenOf returns the screen that a writer writes to.
func screenOf(w io.Writer) screen {
	file, ok := w.(interface{ Fd() uintptr })
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return screen{}
	}
	dumb := os.Getenv("TERM") == "dumb"
	return screen{terminal: !dumb, colours: !dumb && os.Getenv("NO_COLOR") == "", fd: int(file.Fd())}
}

// size returns the present number of columns and lines, which changes when the
// window is resized.
func (s screen) size() (width, height int) {
	if s.terminal {
		if width, height, err := term.GetSize(s.fd); err == nil && width > 0 && height > 0 {
			return width, height
		}
	}
	return 80, 24
}

// colour is the number in the ANSI escape sequence of a colour or of bold text. 0
// is plain text.
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

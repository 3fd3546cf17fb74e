package cli

import (
	"io"

	"github.com/fxrun/fxrun/container"
)

// TerminalTree draws a tree on a terminal of 80 columns, with colours.
func TerminalTree(out io.Writer, picture container.Picture) {
	writeTree(out, picture, screen{terminal: true, colours: true, fd: -1})
}

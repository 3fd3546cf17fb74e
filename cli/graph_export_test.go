package cli

import (
	"io"

	"github.com/fxrun/fxrun/inspect"
)

// TerminalTree draws a tree on a terminal of 80 columns, with colours.
func TerminalTree(out io.Writer, picture inspect.Picture) {
	writeTree(out, picture, screen{terminal: true, colours: true, fd: -1})
}

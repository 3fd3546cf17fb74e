package cli

import (
	"fmt"
	"io"

	"github.com/fxrun/fxrun/inspect"
)

// mostReasons is the largest number of reasons that are shown as text.
const mostReasons = 20

func writeReasons(out io.Writer, screen screen, needed inspect.Resource) {
	if needed.Unneeded != "" {
		_, _ = fmt.Fprintf(out, "\n%s: %s\n", screen.in(bold, "not needed"), needed.Unneeded)
	}
	if len(needed.NeededBy) == 0 {
		return
	}
	_, _ = fmt.Fprintln(out, "\n"+screen.in(bold, "needed by"))
	for i, reason := range needed.NeededBy {
		if i == mostReasons {
			_, _ = fmt.Fprintf(out, "  and %d more: --json lists them all\n", len(needed.NeededBy)-mostReasons)
			break
		}
		_, _ = fmt.Fprintln(out, "  "+clean(reason.String()))
	}
}

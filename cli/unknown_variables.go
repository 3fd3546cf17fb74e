package cli

import (
	"io"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
)

// writeReplaced writes a warning about each config of a resource that the
// application has replaced.
func writeReplaced(out io.Writer, keys []string) {
	for _, key := range keys {
		writeWarnings(out, []string{inspect.ReplacedConfigText(key)})
	}
}

// writeUnknown writes a warning about each variable that nothing reads.
func writeUnknown(out io.Writer, unknown []container.UnknownVariable) {
	for _, variable := range unknown {
		writeWarnings(out, []string{inspect.UnknownVariableText(variable)})
	}
}

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// lineWriter writes what a command tells while it works: a line of text for people, or an
// object of JSON. It is safe for concurrent use. A reader who has gone is no reason to stop.
type lineWriter struct {
	to     io.Writer
	asJSON bool
	mu     sync.Mutex
}

func (w *lineWriter) write(object any, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asJSON {
		_ = json.NewEncoder(w.to).Encode(object)
		return
	}
	_, _ = fmt.Fprintln(w.to, text)
}

package automation

import "sync"

// unwritten are the journals that have something that may be written late. It is safe for
// concurrent use.
type unwritten struct {
	told chan struct{} // has a value if there may be journals

	mu       sync.Mutex
	journals []*journal // in the order in which they came
	among    map[*journal]bool
}

func newUnwritten() *unwritten {
	return &unwritten{told: make(chan struct{}, 1), among: make(map[*journal]bool)}
}

// add adds a journal, unless it is there.
func (w *unwritten) add(j *journal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.among[j] {
		w.among[j] = true
		w.journals = append(w.journals, j)
	}
	select {
	case w.told <- struct{}{}:
	default: // somebody knows it
	}
}

// take removes all journals, and returns them.
func (w *unwritten) take() []*journal {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.journals
	w.journals = nil
	clear(w.among)
	return taken
}

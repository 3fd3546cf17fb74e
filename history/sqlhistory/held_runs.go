package sqlhistory

import "github.com/fxrun/fxrun/history"

// maxHeld is the largest number of runs and of their steps to keep in memory, since some runs
// never finish. A step takes some hundred bytes.
const maxHeld = 20_000

// heldRuns are runs that this store has written and that have not finished, by ID. They are
// kept in memory, so that the store does not read them again for the next event. Many runs may
// be queued at once, and wait.
type heldRuns struct {
	runs       map[string]*heldRun
	size       int // of all
	connection int // counts the connections that have written
}

// heldRun is valid as long as the database has the same seq for the run, since a log only grows.
// It need not be asked for that while nobody else has written.
type heldRun struct {
	number int64
	fold   *history.Fold
	as     snapshot // at which it was valid, or the write that has changed it began
}

// snapshot is the state of the database as others have left it. The zero snapshot is not known.
type snapshot struct {
	connection int
	changed    int64
}

// size is the number of the steps, and one for the run.
func (r *heldRun) size() int { return 1 + len(r.fold.Record().Steps) }

// keep keeps a run, and forgets others if there are too many. It keeps the run also if it is
// larger than all are allowed to be, since its next event would otherwise have it read again.
func (h *heldRuns) keep(id string, run *heldRun) {
	h.forget(id)
	for other := range h.runs { // arbitrary ones
		if h.size+run.size() <= maxHeld {
			break
		}
		h.forget(other)
	}
	if h.runs == nil {
		h.runs = make(map[string]*heldRun)
	}
	h.runs[id] = run
	h.size += run.size()
}

func (h *heldRuns) forget(id string) {
	if run := h.runs[id]; run != nil {
		delete(h.runs, id)
		h.size -= run.size()
	}
}

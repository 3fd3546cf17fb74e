package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
)

// journal is the log of one schedule or sensor in the history. Every entry holds the state
// after it. It is safe for concurrent use.
type journal struct {
	store     history.Journals
	name      string
	unwritten *unwritten // has the journal if something is pending; nil where nobody writes that

	writing sync.Mutex // held by who appends

	mu      sync.Mutex
	state   State
	seq     int64    // of the last entry
	pending []change // what is written with the next entry, or after a while
}

// change is a change of the state, and the entry about it.
type change struct {
	kind string
	at   time.Time
	// apply changes the state, and returns the data of the entry: anything that
	// encoding/json writes, or nil. seq is the place of the entry. Its error refuses the
	// change, and all others of the same call.
	apply            func(state *State, seq int64) (any, error)
	claims, releases []string
}

// errSuperseded is why a change is refused that somebody else has made meaningless.
var errSuperseded = errors.New("somebody has reset it meanwhile")

// set sets what the journal knows from its last entry.
func (j *journal) set(last history.Entry) error {
	state, err := decode[State](last.State)
	if err != nil {
		return fmt.Errorf("reading the state of %s: %w", j.name, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if last.Seq > j.seq {
		j.state, j.seq = state, last.Seq
	}
	return nil
}

// known returns the present state.
func (j *journal) known() State {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state
}

// load reads the last entry.
func (j *journal) load(ctx context.Context) error {
	found, err := j.store.Entries(ctx, history.EntryQuery{Journal: j.name, Last: true})
	if err != nil || len(found) == 0 {
		return err
	}
	return j.set(found[0])
}

// later leaves a change to the next append, or to flush.
func (j *journal) later(c change) {
	j.mu.Lock()
	j.pending = append(j.pending, c)
	j.mu.Unlock()
	if j.unwritten != nil {
		j.unwritten.add(j)
	}
}

// append writes the changes that are pending, and then those that are given, in one
// append. If somebody else has written in the meantime, it reads the state again and
// applies the changes to that.
func (j *journal) append(ctx context.Context, changes ...change) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	for {
		written, err := j.prepare(changes)
		if err != nil || len(written.entries) == 0 {
			return err
		}
		_, err = j.store.AppendEntries(ctx, written.entries...)
		if err == nil {
			j.done(written)
			return nil
		}
		if !errors.Is(err, history.ErrConflict) {
			return fmt.Errorf("recording a tick of %s: %w", j.name, err)
		}
		if loaded := j.load(ctx); loaded != nil {
			return fmt.Errorf("recording a tick of %s: %w", j.name, loaded)
		}
		if j.reached() == written.after { // a key that was claimed before
			return fmt.Errorf("recording a tick of %s: %w", j.name, err)
		}
	}
}

// written is what an append writes.
type written struct {
	entries []history.Entry
	state   State // after it
	after   int64 // the last entry before it
	pending int   // how many of the pending changes are in it
}

// prepare makes the entries of the pending changes and of those that are given.
func (j *journal) prepare(changes []change) (written, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	w := written{pending: len(j.pending), after: j.seq}
	var err error
	w.entries, w.state, err = j.entries(append(j.pending[:w.pending:w.pending], changes...))
	return w, err
}

// done keeps what was written.
func (j *journal) done(w written) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending = j.pending[w.pending:]
	j.state, j.seq = w.state, w.after+int64(len(w.entries))
}

// flush writes the pending changes of many journals in one append.
func flush(ctx context.Context, store history.Journals, journals []*journal) error {
	var items []item
	for _, j := range journals {
		if j.hasPending() {
			items = append(items, item{journal: j})
		}
	}
	return errors.Join(appendTogether(ctx, store, items)...)
}

// item is a journal with the changes to append to it.
type item struct {
	journal *journal
	changes []change
}

// appendTogether writes the changes of many journals in one append, with those that are
// pending. Journals that somebody else has changed, or is about to, are written one by one.
// It returns an error for each item.
func appendTogether(ctx context.Context, store history.Journals, items []item) []error {
	errs := make([]error, len(items))
	var all []history.Entry
	parts := make(map[int]written)
	var apart []int
	for i, one := range items {
		if !one.journal.writing.TryLock() {
			apart = append(apart, i)
			continue
		}
		w, err := one.journal.prepare(one.changes)
		if err != nil {
			one.journal.writing.Unlock()
			errs[i] = err
			continue
		}
		parts[i], all = w, append(all, w.entries...)
	}
	var err error
	if len(all) > 0 {
		_, err = store.AppendEntries(ctx, all...)
	}
	for i, w := range parts {
		if err == nil {
			items[i].journal.done(w)
		}
		items[i].journal.writing.Unlock()
		switch {
		case errors.Is(err, history.ErrConflict):
			apart = append(apart, i)
		case err != nil:
			errs[i] = fmt.Errorf("recording a tick of %s: %w", items[i].journal.name, err)
		}
	}
	for _, i := range apart {
		errs[i] = items[i].journal.append(ctx, items[i].changes...)
	}
	return errs
}

func (j *journal) hasPending() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.pending) > 0
}

func (j *journal) reached() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seq
}

// entries makes the entries of changes, and the state after them. The caller holds the lock.
func (j *journal) entries(changes []change) ([]history.Entry, State, error) {
	state, seq := j.state, j.seq
	var entries []history.Entry
	for _, c := range changes {
		seq++
		data, err := c.apply(&state, seq)
		if err != nil {
			return nil, State{}, err
		}
		entry := history.Entry{Journal: j.name, Seq: seq, Time: c.at, Kind: c.kind, Claims: c.claims, Releases: c.releases}
		if entry.State, err = json.Marshal(state); err != nil {
			return nil, State{}, fmt.Errorf("writing the state of %s: %w", j.name, err)
		}
		if data != nil {
			if entry.Data, err = json.Marshal(data); err != nil {
				return nil, State{}, fmt.Errorf("writing an entry of %s: %w", j.name, err)
			}
		}
		entries = append(entries, entry)
	}
	return entries, state, nil
}

// close notes in memory that the runs of an entry are queued, before this is written.
func (j *journal) close(entry int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.state.Open == entry {
		j.state.Open = 0
	}
}

package history

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Entry is one entry in a journal. A journal is the log of something that is not a run,
// such as a schedule or a sensor: package automation keeps one for each of them. What an
// entry means, only its writer knows.
type Entry struct {
	// Journal is the name of the journal: any text that is not empty, of at most 500
	// bytes.
	Journal string `json:"journal"`
	// Seq is the place of the entry in its journal, from 1 and without gaps. In an entry
	// that is not stored yet, 0 leaves the choice to the store.
	Seq int64 `json:"seq"`
	// Time is when it happened, in UTC and to the microsecond.
	Time time.Time `json:"time"`
	// Kind says what the entry is about. It is not empty.
	Kind string `json:"kind"`
	// State is what is known after the entry, as JSON: the last entry of a journal says
	// all that its writer has to know to go on.
	State json.RawMessage `json:"state"`
	// Data is what else the entry says, as JSON. Nil is nothing.
	Data json.RawMessage `json:"data,omitempty"`
	// Claims are keys that belong to the journal from this entry on. A journal gives each
	// of its keys once. A key is a text of at most 500 bytes that is not empty.
	Claims []string `json:"claims,omitempty"`
	// Releases are keys of the journal that can be claimed again.
	Releases []string `json:"releases,omitempty"`
}

// maxName is the largest number of bytes of the name of a journal, and of a key.
const maxName = 500

// Journals is an optional interface of a [Store]: a store that implements it keeps journals
// beside the logs of runs, with the same guarantees. The stores of fxrun implement it.
type Journals interface {
	// AppendEntries adds entries to their journals, all of them or none, and returns them
	// as they are stored, as [Store] says it of events. An entry whose Seq is not the next
	// one is refused with [ErrConflict], unless the store has an equal entry at this place:
	// then nothing happens. An entry that claims a key which its journal has given before
	// is refused with [ErrConflict] too. An entry that no journal can contain is refused
	// with [ErrInvalid].
	AppendEntries(ctx context.Context, entries ...Entry) ([]Entry, error)

	// Entries returns the entries that the query asks for, the newest first. If no entry
	// fits, the result is empty and there is no error.
	Entries(ctx context.Context, query EntryQuery) ([]Entry, error)

	// Claimed returns those of the keys that the journal has given and not released, in
	// the order in which they are asked for.
	Claimed(ctx context.Context, journal string, keys []string) ([]string, error)
}

// EntryPruner is an optional interface of a [Store] that keeps [Journals].
type EntryPruner interface {
	// PruneEntries removes the entries of some kinds that are older than a time, and
	// returns how many it has removed. The last entry of each journal stays, and so do
	// the keys of all entries. Without kinds, nothing is removed.
	PruneEntries(ctx context.Context, before time.Time, kinds []string) (int, error)
}

// EntryQuery says which entries to return. An entry must fit every field that is set.
type EntryQuery struct {
	// Journal is the name of a journal. Without it, entries of all journals are returned,
	// in the reverse order of their appending.
	Journal string
	// Kinds are the kinds of the entries to return. Without kinds, entries of all kinds
	// are returned.
	Kinds []string
	// Before leaves out the entries from this sequence number on; 0 leaves out none. It
	// needs a Journal.
	Before int64
	// Last returns only the last entry of each journal, in no certain order.
	Last bool
	// Limit is the largest number of entries to return; 0 is no limit.
	Limit int
}

// Check returns an error if the query has fields that exclude each other.
func (q EntryQuery) Check() error {
	switch {
	case q.Before != 0 && q.Journal == "":
		return fmt.Errorf("checking the query for entries: Before needs a Journal")
	case q.Last && (q.Before != 0 || len(q.Kinds) > 0):
		return fmt.Errorf("checking the query for entries: Last cannot be set together with Before or Kinds")
	}
	return nil
}

// Stored checks that the entry can be stored, and returns it as every store returns it. It
// shares nothing with e. It is for authors of a [Store]. The error matches [ErrInvalid].
func (e Entry) Stored() (Entry, error) {
	if err := e.check(); err != nil {
		return Entry{}, err
	}
	e.Time = storedTime(e.Time)
	e.State, e.Data = cloned(e.State), cloned(e.Data)
	e.Claims, e.Releases = cloned(e.Claims), cloned(e.Releases)
	return e, nil
}

func (e Entry) check() error {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("%w: entry %q of journal %q: %w", ErrInvalid, e.Kind, e.Journal, fmt.Errorf(format, args...))
	}
	switch {
	case !isName(e.Journal):
		return invalid("the name of the journal must be text of 1 to %d bytes", maxName)
	case !isName(e.Kind):
		return invalid("its kind must be text of 1 to %d bytes", maxName)
	case e.Seq < 0:
		return invalid("it has the negative sequence number %d", e.Seq)
	case e.Time.IsZero() || e.Time.UTC().Year() < 1 || e.Time.UTC().Year() > 9999:
		return invalid("its time %s is not in the years 1 to 9999", e.Time)
	case !json.Valid(e.State):
		return invalid("its state is not JSON")
	case e.Data != nil && !json.Valid(e.Data):
		return invalid("its data is not JSON")
	}
	seen := make(map[string]bool, len(e.Claims))
	for _, key := range e.Claims {
		if !isName(key) || seen[key] {
			return invalid("the key %q must be text of 1 to %d bytes, and claimed once", key, maxName)
		}
		seen[key] = true
	}
	for _, key := range e.Releases {
		if !isName(key) {
			return invalid("the key %q must be text of 1 to %d bytes", key, maxName)
		}
	}
	return nil
}

func isName(text string) bool { return text != "" && len(text) <= maxName && utf8.ValidString(text) }

// cloned returns a copy, which is nil for an empty list.
func cloned[T ~[]E, E any](list T) T {
	if len(list) == 0 {
		return nil
	}
	return append(T(nil), list...)
}

// Clone returns a copy that shares nothing with e.
func (e Entry) Clone() Entry {
	e.State, e.Data = cloned(e.State), cloned(e.Data)
	e.Claims, e.Releases = cloned(e.Claims), cloned(e.Releases)
	return e
}

// Conflict returns the error for an entry whose place belongs to another entry, or would
// leave a gap. It is for authors of a [Store].
func (e Entry) Conflict(last int64) error {
	return fmt.Errorf("entry %d of journal %s (%s), after entry %d: %w", e.Seq, e.Journal, e.Kind, last, ErrConflict)
}

// Reclaimed returns the error for an entry that claims a key again. It is for authors of a
// [Store].
func (e Entry) Reclaimed(key string) error {
	return fmt.Errorf("%s in journal %s: the key %q was given before: %w", e.Kind, e.Journal, key, ErrConflict)
}

package history

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"
)

var (
	_ Journals    = (*MemoryStore)(nil)
	_ EntryPruner = (*MemoryStore)(nil)
	_ Feed        = (*MemoryStore)(nil)
	_ Watcher     = (*MemoryStore)(nil)
)

// memoryJournals are the journals of a MemoryStore.
type memoryJournals struct {
	mu     sync.RWMutex
	byName map[string]*memoryJournal
	byKind map[string][]*placedEntry // of all journals, in the order of appending
	places int64
}

type memoryJournal struct {
	entries []*placedEntry // the oldest first; removed ones are missing
	last    int64          // the sequence number of the last entry
	claimed map[string]bool
}

// placedEntry is an entry with its place among those of all journals.
type placedEntry struct {
	Entry
	place int64
}

// AppendEntries adds entries to their journals: see [Journals].
func (s *MemoryStore) AppendEntries(ctx context.Context, entries ...Entry) ([]Entry, error) {
	stored := make([]Entry, len(entries))
	for i, entry := range entries {
		var err error
		if stored[i], err = entry.Stored(); err != nil {
			return nil, fmt.Errorf("appending entries: %w", err)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("appending entries: %w", err)
	}
	if err := s.journals.add(stored); err != nil {
		return nil, fmt.Errorf("appending entries: %w", err)
	}
	s.watchers.Wake()
	return stored, nil
}

// add adds all entries or none, and sets their sequence numbers.
func (j *memoryJournals) add(entries []Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	changed := make(map[string]*memoryJournal)
	before, places := j.places, j.places
	for i := range entries {
		name := entries[i].Journal
		if changed[name] == nil {
			changed[name] = j.byName[name].clone()
		}
		if err := changed[name].add(&entries[i], &places); err != nil {
			return err
		}
	}
	if j.byName == nil {
		j.byName, j.byKind = make(map[string]*memoryJournal), make(map[string][]*placedEntry)
	}
	maps.Copy(j.byName, changed)
	j.places = places
	var added []*placedEntry
	for _, journal := range changed {
		for i := len(journal.entries) - 1; i >= 0 && journal.entries[i].place > before; i-- {
			added = append(added, journal.entries[i])
		}
	}
	slices.SortFunc(added, byPlace)
	for _, entry := range added {
		j.byKind[entry.Kind] = append(j.byKind[entry.Kind], entry)
	}
	return nil
}

func byPlace(a, b *placedEntry) int { return cmp.Compare(a.place, b.place) }

// clone returns a journal that can be changed without changing j. It shares the entries.
func (j *memoryJournal) clone() *memoryJournal {
	if j == nil {
		return new(memoryJournal)
	}
	copied := *j // an append that is not kept leaves nothing in the entries up to their present end
	return &copied
}

func (j *memoryJournal) add(entry *Entry, places *int64) error {
	if entry.Seq == 0 {
		entry.Seq = j.last + 1
	}
	if entry.Seq != j.last+1 {
		at := slices.IndexFunc(j.entries, func(other *placedEntry) bool { return other.Seq == entry.Seq })
		if at < 0 || !reflect.DeepEqual(j.entries[at].Entry, *entry) {
			return entry.Conflict(j.last)
		}
		return nil
	}
	if len(entry.Claims)+len(entry.Releases) > 0 {
		claimed := make(map[string]bool, len(j.claimed)+len(entry.Claims))
		maps.Copy(claimed, j.claimed)
		j.claimed = claimed
	}
	for _, key := range entry.Releases {
		delete(j.claimed, key)
	}
	for _, key := range entry.Claims {
		if j.claimed[key] {
			return entry.Reclaimed(key)
		}
		j.claimed[key] = true
	}
	*places++
	j.last = entry.Seq
	j.entries = append(j.entries, &placedEntry{entry.Clone(), *places})
	return nil
}

// Entries returns the entries that the query asks for: see [Journals].
func (s *MemoryStore) Entries(ctx context.Context, query EntryQuery) ([]Entry, error) {
	if err := query.Check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading entries: %w", err)
	}
	s.journals.mu.RLock()
	defer s.journals.mu.RUnlock()
	var found []*placedEntry
	gather := func(entries []*placedEntry) {
		left := query.Limit
		for _, entry := range slices.Backward(entries) {
			if !query.fits(entry.Entry) {
				continue
			}
			found = append(found, entry)
			if left--; query.Last || left == 0 {
				return
			}
		}
	}
	switch {
	case query.Journal != "":
		if journal := s.journals.byName[query.Journal]; journal != nil {
			gather(journal.entries)
		}
	case len(query.Kinds) > 0:
		for _, kind := range slices.Compact(slices.Sorted(slices.Values(query.Kinds))) {
			gather(s.journals.byKind[kind])
		}
	default:
		for _, journal := range s.journals.byName {
			gather(journal.entries)
		}
	}
	slices.SortFunc(found, byPlace)
	slices.Reverse(found)
	if query.Limit > 0 {
		found = found[:min(query.Limit, len(found))]
	}
	entries := make([]Entry, len(found))
	for i, entry := range found {
		entries[i] = entry.Clone()
	}
	return entries, nil
}

func (q EntryQuery) fits(e Entry) bool {
	return (q.Before == 0 || e.Seq < q.Before) && (len(q.Kinds) == 0 || slices.Contains(q.Kinds, e.Kind))
}

// Claimed returns those of the keys that the journal has given: see [Journals].
func (s *MemoryStore) Claimed(ctx context.Context, journal string, keys []string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading claimed keys: %w", err)
	}
	s.journals.mu.RLock()
	defer s.journals.mu.RUnlock()
	var claimed []string
	for _, key := range keys {
		if found := s.journals.byName[journal]; found != nil && found.claimed[key] && !slices.Contains(claimed, key) {
			claimed = append(claimed, key)
		}
	}
	return claimed, nil
}

// PruneEntries removes old entries: see [EntryPruner].
func (s *MemoryStore) PruneEntries(ctx context.Context, before time.Time, kinds []string) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("removing entries: %w", err)
	}
	s.journals.mu.Lock()
	defer s.journals.mu.Unlock()
	removed := 0
	old := func(entry *placedEntry) bool {
		return entry.Time.Before(before) && slices.Contains(kinds, entry.Kind) && entry.Seq != s.journals.byName[entry.Journal].last
	}
	for _, journal := range s.journals.byName {
		kept := slices.DeleteFunc(slices.Clone(journal.entries), old)
		removed += len(journal.entries) - len(kept)
		journal.entries = kept
	}
	for kind, entries := range s.journals.byKind {
		s.journals.byKind[kind] = slices.DeleteFunc(slices.Clone(entries), old)
	}
	return removed, nil
}

// EventsAfter returns the events after a position: see [Feed].
func (s *MemoryStore) EventsAfter(ctx context.Context, position int64, query EventQuery) ([]Positioned, int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, fmt.Errorf("reading events: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if position < 0 {
		return nil, s.end, nil
	}
	from, _ := slices.BinarySearchFunc(s.log, position, func(e *memoryEvent, position int64) int { return cmp.Compare(e.position, position+1) })
	var found []Positioned
	for _, stored := range s.log[from:] {
		if !query.fits(stored) {
			continue
		}
		event, err := stored.event()
		if err != nil {
			return nil, 0, fmt.Errorf("reading event %d of run %s: %w", stored.seq, stored.runID, err)
		}
		if found = append(found, Positioned{event, stored.position}); len(found) == query.Limit {
			return found, stored.position, nil
		}
	}
	return found, max(s.end, position), nil
}

// Watch tells when something was appended: see [Watcher].
func (s *MemoryStore) Watch() (appended <-chan struct{}, stop func()) { return s.watchers.Watch() }

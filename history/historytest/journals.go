package historytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
)

// A store without journals, or without a feed, passes these clauses: the interfaces are
// optional.
func journalClauses() []clause {
	return []clause{
		{name: "entries get the next places of their journals", check: entriesAreNumbered},
		{name: "an entry is appended once, however often it is given", check: entriesAreRepeatable},
		{name: "entries that do not continue their journal are refused, all or none", check: entriesAreRefused},
		{name: "entries that no journal can contain are invalid", check: entriesAreChecked},
		{name: "entries are found by journal, kind and place", check: entriesAreFound},
		{name: "a journal gives a key once, until it is released", check: keysAreClaimed},
		{name: "old entries are removed, but the last ones and the keys stay", check: entriesArePruned},
		{name: "journals stay when the store is opened again", check: journalsStay, reopens: true},
		{name: "of many writers at one place one wins", check: writersOfAJournal, twoStores: true},
		{name: "a feed gives every event once, in the order of appending", check: feedGoesOn},
		{name: "a feed gives the events of other stores too", check: feedOfOthers, twoStores: true},
		{name: "a watcher is told of appends", check: watcherIsTold},
	}
}

func entry(journal string, seq int64, kind string) history.Entry {
	return history.Entry{Journal: journal, Seq: seq, Time: at(int(seq)), Kind: kind, State: json.RawMessage(fmt.Sprintf(`{"after":%d}`, seq))}
}

func addEntries(t tester, journals history.Journals, entries ...history.Entry) []history.Entry {
	t.Helper()
	stored, err := journals.AppendEntries(t.Context(), entries...)
	if err != nil {
		t.Fatalf("AppendEntries: %v", err)
	}
	return stored
}

func refuseEntries(t tester, journals history.Journals, want error, entries ...history.Entry) {
	t.Helper()
	if _, err := journals.AppendEntries(t.Context(), entries...); !errors.Is(err, want) {
		t.Errorf("AppendEntries of %+v: %v, want an error that matches %v", entries, err, want)
	}
}

func readEntries(t tester, journals history.Journals, query history.EntryQuery) []history.Entry {
	t.Helper()
	found, err := journals.Entries(t.Context(), query)
	if err != nil {
		t.Fatalf("Entries(%+v): %v", query, err)
	}
	return found
}

// marks are the places of entries, as "sensor 2".
func marks(entries []history.Entry) []string {
	texts := make([]string, len(entries))
	for i, entry := range entries {
		texts[i] = fmt.Sprint(entry.Journal, " ", entry.Seq)
	}
	return texts
}

func entriesAreNumbered(t tester, subject Subject) {
	journals, ok := subject.Store.(history.Journals)
	if !ok {
		return
	}
	first := history.Entry{Journal: "a", Time: at(0).Add(time.Nanosecond).In(time.FixedZone("", 3600)), Kind: "k", State: json.RawMessage(`{}`), Data: json.RawMessage(`[1]`), Claims: []string{"x"}}
	stored := addEntries(t, journals, first, entry("b", 0, "k"), entry("a", 0, "l"))
	same(t, "places", marks(stored), []string{"a 1", "b 1", "a 2"})
	want := first
	want.Seq, want.Time = 1, at(0)
	same(t, "the first entry", readEntries(t, journals, history.EntryQuery{Journal: "a", Before: 2}), []history.Entry{want})
	same(t, "the first entry, as it was returned", stored[0], want)
}

func entriesAreRepeatable(t tester, subject Subject) {
	journals, ok := subject.Store.(history.Journals)
	if !ok {
		return
	}
	one := entry("a", 1, "k")
	one.Claims = []string{"x"}
	addEntries(t, journals, one)
	addEntries(t, journals, entry("a", 2, "k"))
	addEntries(t, journals, one)
	same(t, "places", marks(readEntries(t, journals, history.EntryQuery{})), []string{"a 2", "a 1"})
}

func entriesAreRefused(t tester, subject Subject) {
	journals, ok := subject.Store.(history.Journals)
	if !ok {
		return
	}
	addEntries(t, journals, entry("a", 1, "k"))
	refuseEntries(t, journals, history.ErrConflict, entry("a", 1, "other"))
	refuseEntries(t, journals, history.ErrConflict, entry("a", 3, "k"))
	refuseEntries(t, journals, history.ErrConflict, entry("b", 1, "k"), entry("a", 2, "k"), entry("a", 2, "other"))
	same(t, "places", marks(readEntries(t, journals, history.EntryQuery{})), []string{"a 1"})
	addEntries(t, journals, entry("a", 2, "k"))
}

func entriesAreChecked(t tester, subject Subject) {
	journals, ok := subject.Store.(history.Journals)
	if !ok {
		return
	}
	for _, change := range []func(*history.Entry){
		func(e *history.Entry) { e.Journal = "" },
		func(e *history.Entry) { e.Journal = "\xff" },
		func(e *history.Entry) { e.Journal = strings.Repeat("x", 501) },
		func(e *history.Entry) { e.Kind = "" },
		func(e *history.Entry) { e.Seq = -1 },
		func(e *history.Entry) { e.Time = time.Time{} },
		func(e *history.Entry) { e.State = nil },
		func(e *history.Entry) { e.Data = json.RawMessage("{") },
		func(e *history.Entry) { e.Claims = []string{""} },
		func(e *history.Entry) { e.Claims = []string{"x", "x"} },
	} {
		bad := entry("a", 1, "k")
		change(&bad)
		refuseEntries(t, journals, history.ErrInvalid, entry("b", 1, "k"), bad)
	}
	same(t, "entries", marks(readEntries(t, journals, history.EntryQuery{})), []string{})
}

func entriesAreFound(t tester, subject Subject) {
	journals, ok := subject.Store.(history.Journals)
	if !ok {
		return
	}
	addEntries(t, journals, entry("a", 1, "k"), entry("b", 1, "k"), entry("a", 2, "l"), entry("b", 2, "k"), entry("a", 3, "k"))
	for _, row := range []struct {
		query history.EntryQuery
		want  []string
	}{
		{history.EntryQuery{}, []string{"a 3", "b 2", "a 2", "b 1", "a 1"}},
		{history.EntryQuery{Journal: "a"}, []string{"a 3", "a 2", "a 1"}},
		{history.EntryQuery{Journal: "a", Before: 3, Limit: 1}, []string{"a 2"}},
		{history.EntryQuery{Kinds: []string{"l"}}, []string{"a 2"}},
		{history.EntryQuery{Kinds: []string{"k"}, Limit: 2}, []string{"a 3", "b 2"}},
		{history.EntryQuery{Journal: "b", Last: true}, []string{"b 2"}},
		{history.EntryQuery{Journal: "c"}, []string{}},
	} {
		same(t, fmt.Sprintf("%+v", row.query), marks(readEntries(t, journals, row.query)), row.want)
	}
	last := make(map[string]bool)
	for _, mark := range marks(readEntries(t, journals, history.EntryQuery{Last: true})) {
		last[mark] = true
	}
	same(t, "the last entries", last, map[string]bool{"a 3": true, "b 2": true})
	if _, err := journals.Entries(t.Context(), history.EntryQuery{Before: 1}); err == nil {
		t.Errorf("Before without a Journal is no error")
	}
}

func keysAreClaimed(t tester, subject Subject) {
	journals, ok := subject.Store.(history.Journals)
	if !ok {
		return
	}
	claiming := func(journal string, seq int64, keys ...string) history.Entry {
		e := entry(journal, seq, "k")
		e.Claims = keys
		return e
	}
	addEntries(t, journals, claiming("a", 1, "x", "y"), claiming("b", 1, "x"))
	refuseEntries(t, journals, history.ErrConflict, claiming("a", 2, "z", "y"))
	claimed := func() []string {
		found, err := journals.Claimed(t.Context(), "a", []string{"z", "y", "x", "y"})
		if err != nil {
			t.Fatalf("Claimed: %v", err)
		}
		return found
	}
	same(t, "claimed keys", claimed(), []string{"y", "x"})
	release := entry("a", 2, "k")
	release.Releases = []string{"y"}
	addEntries(t, journals, release)
	same(t, "claimed keys after a release", claimed(), []string{"x"})
	addEntries(t, journals, claiming("a", 3, "y"))
	refuseEntries(t, journals, history.ErrConflict, claiming("a", 4, "x"))
}

func entriesArePruned(t tester, subject Subject) {
	journals, ok := subject.Store.(history.Journals)
	pruner, prunes := subject.Store.(history.EntryPruner)
	if !ok || !prunes {
		return
	}
	one := entry("a", 1, "k")
	one.Claims = []string{"x"}
	addEntries(t, journals, one, entry("a", 2, "l"), entry("a", 3, "k"), entry("a", 4, "k"), entry("b", 1, "k"))
	removed, err := pruner.PruneEntries(t.Context(), at(4), []string{"k"})
	if err != nil || removed != 2 {
		t.Fatalf("PruneEntries: %d, %v, want 2 entries", removed, err)
	}
	if removed, err = pruner.PruneEntries(t.Context(), at(100), nil); err != nil || removed != 0 {
		t.Errorf("PruneEntries of no kinds: %d, %v", removed, err)
	}
	if removed, err = pruner.PruneEntries(t.Context(), at(100), []string{"k"}); err != nil || removed != 0 {
		t.Errorf("PruneEntries of the last entries: %d, %v", removed, err)
	}
	same(t, "what is left", marks(readEntries(t, journals, history.EntryQuery{Journal: "a"})), []string{"a 4", "a 2"})
	claimed, err := journals.Claimed(t.Context(), "a", []string{"x"})
	if err != nil || len(claimed) != 1 {
		t.Errorf("the key of a removed entry: %v, %v", claimed, err)
	}
	addEntries(t, journals, entry("a", 5, "k"))

	var many []history.Entry
	for seq := range int64(700) { // more than a store removes in one transaction
		many = append(many, entry("many", seq+1, "k"))
	}
	addEntries(t, journals, many...)
	if removed, err = pruner.PruneEntries(t.Context(), at(1000), []string{"k"}); err != nil || removed != 700 { // all but one, and entry 4 of a
		t.Errorf("PruneEntries of many entries: %d, %v, want 700", removed, err)
	}
	same(t, "what is left of many", marks(readEntries(t, journals, history.EntryQuery{Journal: "many"})), []string{"many 700"})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if removed, err = pruner.PruneEntries(ended, at(1000), []string{"k"}); !errors.Is(err, context.Canceled) || removed != 0 {
		t.Errorf("PruneEntries after the end of its context: %d, %v", removed, err)
	}
}

func journalsStay(t tester, subject Subject) {
	journals, ok := subject.Store.(history.Journals)
	if !ok {
		return
	}
	one := entry("a", 1, "k")
	one.Claims = []string{"x\x00y"}
	addEntries(t, journals, one)
	again, _ := subject.Reopen().(history.Journals)
	same(t, "entries", readEntries(t, again, history.EntryQuery{}), []history.Entry{one})
	addEntries(t, again, entry("a", 0, "k"))
	claimed, err := again.Claimed(t.Context(), "a", one.Claims)
	if err != nil || len(claimed) != 1 {
		t.Errorf("Claimed: %v, %v", claimed, err)
	}
}

func writersOfAJournal(t tester, subject Subject) {
	journals, ok := subject.Store.(history.Journals)
	if !ok {
		return
	}
	other, _ := subject.Another().(history.Journals)
	const places, writers = 5, 4
	var mu sync.Mutex
	wins := make(map[int64]int)
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			for seq := int64(1); seq <= places; seq++ {
				mine := entry("a", seq, fmt.Sprint("writer", writer))
				_, err := []history.Journals{journals, other}[writer%2].AppendEntries(t.Context(), mine)
				mu.Lock()
				switch {
				case err == nil:
					wins[seq]++
				case !errors.Is(err, history.ErrConflict):
					t.Errorf("AppendEntries: %v", err)
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	same(t, "winners of each place", wins, map[int64]int{1: 1, 2: 1, 3: 1, 4: 1, 5: 1})
}

func feedGoesOn(t tester, subject Subject) {
	feed, ok := subject.Store.(history.Feed)
	if !ok {
		return
	}
	var want []history.Place
	var got []history.Place
	position := int64(0)
	types := []history.EventType{history.TypeRunQueued, history.TypeRunFinished}
	for round := range 5 {
		for i := range 3 {
			for _, stored := range add(t, subject.Store, finished(fmt.Sprintf("r%d-%d", round, i), "orders")...) {
				if stored.Type() == types[0] || stored.Type() == types[1] {
					want = append(want, stored.Place())
				}
			}
		}
		for {
			events, reached, err := feed.EventsAfter(t.Context(), position, history.EventQuery{Types: types, Limit: 4})
			if err != nil {
				t.Fatalf("EventsAfter: %v", err)
			}
			for _, event := range events {
				if event.Position <= position || event.Position > reached {
					t.Errorf("event at position %d, after %d and up to %d", event.Position, position, reached)
				}
				position = event.Position
				got = append(got, event.Place())
			}
			position = reached
			if len(events) < 4 {
				break
			}
		}
	}
	same(t, "events of the feed", got, want)
	events, end, err := feed.EventsAfter(t.Context(), -1, history.EventQuery{})
	if err != nil || len(events) > 0 || end < position {
		t.Errorf("the end of the feed: %d events, %d, %v", len(events), end, err)
	}
	add(t, subject.Store, logged("r0-0", 9, "late"))
	events, _, err = feed.EventsAfter(t.Context(), end, history.EventQuery{})
	if err != nil || len(events) != 1 || events[0].Type() != history.TypeLogWritten {
		t.Errorf("the events after the end: %+v, %v", events, err)
	}
}

func feedOfOthers(t tester, subject Subject) {
	feed, ok := subject.Store.(history.Feed)
	if !ok {
		return
	}
	other := subject.Another()
	const writers, runs = 4, 10
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			for run := range runs {
				store := []history.Store{subject.Store, other}[writer%2]
				if _, err := store.Append(t.Context(), queued(fmt.Sprintf("w%d-%d", writer, run))); err != nil {
					t.Errorf("Append: %v", err)
				}
			}
		})
	}
	seen := make(map[string]int)
	position := int64(0)
	read := func() {
		events, reached, err := feed.EventsAfter(t.Context(), position, history.EventQuery{Limit: 3})
		if err != nil {
			t.Errorf("EventsAfter: %v", err)
		}
		for _, event := range events {
			seen[event.RunID]++
		}
		position = reached
	}
	done := make(chan struct{})
	go func() { defer close(done); group.Wait() }()
	for open := true; open; {
		select {
		case <-done:
			open = false
		default:
			read()
		}
	}
	for range writers * runs {
		read()
	}
	for run, count := range seen {
		if count != 1 {
			t.Errorf("run %s was seen %d times", run, count)
		}
	}
	if len(seen) != writers*runs {
		t.Errorf("%d of %d runs were seen", len(seen), writers*runs)
	}
}

func watcherIsTold(t tester, subject Subject) {
	watcher, ok := subject.Store.(history.Watcher)
	journals, keeps := subject.Store.(history.Journals)
	if !ok || !keeps {
		return
	}
	appended, stop := watcher.Watch()
	defer stop()
	told := func() bool {
		select {
		case <-appended:
			return true
		default:
			return false
		}
	}
	if told() {
		t.Errorf("a new watcher is told of nothing")
	}
	add(t, subject.Store, queued("r1"))
	if !told() || told() {
		t.Errorf("an appended event is to be told once")
	}
	addEntries(t, journals, entry("a", 1, "k"))
	if !told() {
		t.Errorf("an appended entry is not told")
	}
	stop()
	add(t, subject.Store, logged("r1", 1, "x"))
	if told() {
		t.Errorf("an append is told after stop")
	}
}

package historytest

import (
	"fmt"
	"slices"

	"github.com/fxrun/fxrun/history"
)

func pagingClauses() []clause {
	return []clause{
		{name: "pages of runs stay the same while others append", check: pagesOfRuns},
		{name: "pages of a log go on where the last one ended", check: pagesOfLog},
		{name: "pages of all events stay the same while others append", check: pagesOfEvents},
	}
}

func pagesOfRuns(t tester, subject Subject) {
	const count = 10
	var want []string
	for i := range count {
		id := fmt.Sprintf("r%02d", i)
		add(t, subject.Store, queued(id))
		want = append([]string{id}, want...)
	}
	var got []string
	query := history.RunQuery{Limit: 3, Job: "nightly"}
	for page := 0; ; page++ {
		records := readRuns(t, subject.Store, query)
		if len(records) == 0 {
			break
		}
		if len(records) > query.Limit || page > count {
			t.Fatalf("page %d has %d runs, want at most %d, and an end", page, len(records), query.Limit)
		}
		got = append(got, ids(records)...)
		query.Before = got[len(got)-1]
		add(t, subject.Store, queued(fmt.Sprintf("new%d", page)))
		add(t, subject.Store, event(want[0], 1, history.RunCancelRequested{}), logged(want[count-1], 1, "x"))
	}
	same(t, "paged runs", got, want)
}

func pagesOfLog(t tester, subject Subject) {
	want := add(t, subject.Store, finished("r1", "orders")...)
	add(t, subject.Store, queued("other"))
	var got []history.Event
	query := history.EventQuery{RunID: "r1", Limit: 4}
	for len(got) < 12 {
		events := readEvents(t, subject.Store, query)
		if len(events) == 0 || len(events) > query.Limit {
			t.Fatalf("a page has %d events, want 1 to %d", len(events), query.Limit)
		}
		got = append(got, events...)
		query.AfterSeq = got[len(got)-1].Seq
		add(t, subject.Store, logged("other", 1, "x"))
		for len(want) < 12 {
			want = append(want, add(t, subject.Store, logged("r1", 1, "more"))...)
		}
	}
	same(t, "paged events", got, want)
	same(t, "events after the last", places(readEvents(t, subject.Store, query)), []history.Place{})
}

func pagesOfEvents(t tester, subject Subject) {
	var want []history.Place
	for i := range 4 {
		stored := add(t, subject.Store, finished(fmt.Sprintf("r%d", i), "orders")...)
		want = append(want, places(stored)...)
	}
	slices.Reverse(want)
	var got []history.Place
	query := history.EventQuery{Limit: 5}
	for page := 0; ; page++ {
		events := readEvents(t, subject.Store, query)
		if len(events) == 0 {
			break
		}
		if len(events) > query.Limit || page > len(want) {
			t.Fatalf("page %d has %d events, want at most %d, and an end", page, len(events), query.Limit)
		}
		got = append(got, places(events)...)
		query.Before = got[len(got)-1]
		add(t, subject.Store, logged("r0", 1, "x"), queued(fmt.Sprintf("new%d", page)))
	}
	same(t, "paged events", got, want)
}

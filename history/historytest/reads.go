package historytest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/fxrun/fxrun/history"
)

func readClauses() []clause {
	return []clause{
		{name: "a read sees every append that returned", check: readYourWrites},
		{name: "a run that does not exist is not found", check: notFound},
	}
}

func readYourWrites(t tester, subject Subject) {
	const writers, each = 8, 20
	errs := make([]error, writers)
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() { errs[i] = appendAndRead(t, subject.Store, fmt.Sprintf("r%d", i), each) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%v", err)
	}
	same(t, "number of runs", len(readRuns(t, subject.Store, history.RunQuery{})), writers)
	same(t, "number of events", len(readEvents(t, subject.Store, history.EventQuery{})), writers*each)
}

// appendAndRead looks after each of n events whether it can be seen.
func appendAndRead(t tester, store history.Store, run string, n int) error {
	next := queued(run)
	for i := range n {
		stored, err := store.Append(t.Context(), next)
		if err != nil {
			return err
		}
		record, err := history.Find(t.Context(), store, run)
		if err != nil {
			return fmt.Errorf("after appending event %d: %w", i+1, err)
		}
		if record.Seq != stored[0].Seq {
			return fmt.Errorf("after appending event %d of run %s its record has seq %d", stored[0].Seq, run, record.Seq)
		}
		log, err := store.Events(t.Context(), history.EventQuery{RunID: run, AfterSeq: record.Seq - 1})
		if err != nil {
			return err
		}
		if len(log) != 1 {
			return fmt.Errorf("after appending event %d of run %s, %d events can be read from there on", record.Seq, run, len(log))
		}
		next = logged(run, i+1, "line")
	}
	return nil
}

func notFound(t tester, subject Subject) {
	add(t, subject.Store, queued("r1"))
	same(t, "runs", ids(readRuns(t, subject.Store, history.RunQuery{ID: "nobody"})), []string{})
	if _, err := subject.Store.Runs(t.Context(), history.RunQuery{Before: "nobody"}); !errors.Is(err, history.ErrNotFound) {
		t.Errorf("Runs before a run that does not exist returned the error %v, want ErrNotFound", err)
	}
	for _, query := range []history.EventQuery{
		{RunID: "nobody"},
		{Before: history.Place{RunID: "nobody", Seq: 1}},
		{Before: history.Place{RunID: "r1", Seq: 2}},
		{Before: history.Place{RunID: "r1"}},
	} {
		if _, err := subject.Store.Events(t.Context(), query); !errors.Is(err, history.ErrNotFound) {
			t.Errorf("Events(%+v) returned the error %v, want ErrNotFound", query, err)
		}
	}
	same(t, "events of an asset that does not exist", places(readEvents(t, subject.Store, history.EventQuery{Asset: "nobody"})), []history.Place{})
	same(t, "events after the end", places(readEvents(t, subject.Store, history.EventQuery{RunID: "r1", AfterSeq: 99})), []history.Place{})
}

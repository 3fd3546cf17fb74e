package historytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/fxrun/fxrun/history"
)

func writerClauses() []clause {
	return []clause{
		{name: "many goroutines on one run make one log", check: manyGoroutines},
		{name: "a refused append leaves those beside it alone", check: refusedBeside},
		{name: "what is enqueued is stored in its order", check: enqueued},
		{name: "two stores see each other's appends at once", check: twoStores, twoStores: true},
		{name: "two stores on one run make one log", check: oneLog, twoStores: true},
		{name: "of two stores that want one place, one gets it", check: onePlace, twoStores: true},
	}
}

func manyGoroutines(t tester, subject Subject) {
	shareRun(t, []history.Store{subject.Store})
}

// enqueued begins appends one after another, and waits for their ends the other way round.
func enqueued(t tester, subject Subject) {
	ordered, ok := subject.Store.(history.Ordered)
	if !ok {
		return
	}
	add(t, subject.Store, queued("a"), queued("b"))
	first := ordered.Enqueue(t.Context(), logged("a", 1, "first"))
	refused := ordered.Enqueue(t.Context(), event("b", 1, history.RunStarted{}), logged("b", 1, "refused"))
	second := ordered.Enqueue(t.Context(), logged("b", 1, "second"), logged("a", 1, "second too"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tooLate := ordered.Enqueue(ended, logged("a", 1, "too late"))
	third := add(t, subject.Store, logged("a", 1, "third"))
	if _, err := tooLate(); !errors.Is(err, context.Canceled) {
		t.Errorf("an append whose context has ended returned the error %v", err)
	}
	last, err := second()
	if _, wrong := refused(); !errors.Is(wrong, history.ErrTransition) {
		t.Errorf("an illegal append returned the error %v", wrong)
	}
	begin, failed := first()
	if err := errors.Join(err, failed); err != nil {
		t.Fatalf("%v", err)
	}
	if stored, err := ordered.Enqueue(t.Context())(); len(stored) > 0 || err != nil {
		t.Errorf("an append without events gave %v, %v", stored, err)
	}
	log, err := subject.Store.Events(t.Context(), history.EventQuery{Types: []history.EventType{history.TypeLogWritten}})
	if err != nil {
		t.Fatalf("%v", err)
	}
	slices.Reverse(log) // the oldest first
	same(t, "the log lines of both runs", log, slices.Concat(begin, last, third))
}

// refusedBeside lets goroutines append at once what the store must take and, in
// between, what it must refuse half way. A store may write what comes at once
// in one go: nobody may notice.
func refusedBeside(t tester, subject Subject) {
	const writers, each = 6, 10
	add(t, subject.Store, running("shared", "orders")...)
	errs := make([]error, writers)
	kept := make([][]history.Event, writers)
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			own := fmt.Sprintf("own %d", i)
			for n := range each {
				good := []history.Event{logged("shared", n, own), logged("shared", n, own+" again")}
				if n == 0 {
					good = append(good, queued(own))
				}
				stored, err := subject.Store.Append(t.Context(), good...)
				kept[i], errs[i] = append(kept[i], stored...), errors.Join(errs[i], err)
				refused := []history.Event{logged("shared", n, "refused"), queued(fmt.Sprintf("refused %d %d", i, n)), event(own, n, history.RunStarted{})}
				if _, err := subject.Store.Append(t.Context(), refused...); !errors.Is(err, history.ErrTransition) {
					errs[i] = errors.Join(errs[i], fmt.Errorf("an illegal append returned the error %w", err))
				}
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%v", err)
	}
	log := readLog(t, subject.Store, "shared")
	gapless(t, log)
	same(t, "records", readRun(t, subject.Store, "shared"), sum(t, log))
	same(t, "length of the log", len(log), len(running("", ""))+writers*each*2)
	for _, stored := range kept {
		for _, event := range stored {
			if event.RunID == "shared" {
				same(t, "returned and read events", log[event.Seq-1], event)
			}
		}
	}
	same(t, "number of runs", len(readRuns(t, subject.Store, history.RunQuery{})), 1+writers)
}

func oneLog(t tester, subject Subject) {
	shareRun(t, []history.Store{subject.Store, subject.Another()})
}

// shareRun lets several goroutines write to one run through each store.
func shareRun(t tester, stores []history.Store) {
	t.Helper()
	const writers, each = 4, 15
	add(t, stores[0], queued("r1"))
	errs := make([]error, len(stores)*writers)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			for n := range each {
				line := logged("r1", n, fmt.Sprintf("writer %d line %d", i, n))
				_, err := stores[i%len(stores)].Append(t.Context(), line)
				errs[i] = errors.Join(errs[i], err)
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%v", err)
	}
	for _, store := range stores {
		log := readLog(t, store, "r1")
		gapless(t, log)
		same(t, "length of the log", len(log), 1+len(errs)*each)
		seen := make(map[string]bool)
		for _, event := range log[1:] {
			seen[event.Data.(history.LogWritten).Message] = true
		}
		same(t, "number of different lines", len(seen), len(errs)*each)
	}
}

func twoStores(t tester, subject Subject) {
	one, two := subject.Store, subject.Another()
	log := add(t, one, running("r1", "orders")...)
	same(t, "logs", readLog(t, two, "r1"), log)
	log = append(log, add(t, two, event("r1", 4, history.RunCancelRequested{Reason: "enough"}))...)
	same(t, "records", readRun(t, one, "r1"), sum(t, log))
	// What the first store remembers of the run is out of date now, also where
	// it has made something of a refused append.
	refuse(t, one, history.ErrTransition, event("r1", 5, history.StepSucceeded{Step: "orders"}), event("r1", 6, history.RunStarting{}))
	log = append(log, add(t, two, logged("r1", 5, "line"))...)
	log = append(log, add(t, one, event("r1", 5, history.StepSucceeded{Step: "orders"}))...)
	log = append(log, add(t, two, event("r1", 6, history.RunFinished{Status: history.StatusSucceeded}))...)
	refuse(t, one, history.ErrTransition, event("r1", 7, history.RunFinished{Status: history.StatusFailed}))
	for _, store := range []history.Store{one, two} {
		same(t, "logs", readLog(t, store, "r1"), log)
		same(t, "records", readRun(t, store, "r1"), sum(t, log))
	}
}

func onePlace(t tester, subject Subject) {
	const rounds = 20
	stores := []history.Store{subject.Store, subject.Another()}
	add(t, stores[0], queued("r1"))
	for round := range rounds {
		errs := make([]error, len(stores))
		var group sync.WaitGroup
		for i, store := range stores {
			group.Go(func() {
				line := logged("r1", round, fmt.Sprintf("store %d", i))
				line.Seq = int64(round + 2)
				_, errs[i] = store.Append(t.Context(), line)
			})
		}
		group.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, history.ErrConflict) {
				t.Fatalf("%v", err)
			}
		}
		if won != 1 {
			t.Fatalf("%d of %d stores got the place, want one", won, len(stores))
		}
	}
	gapless(t, readLog(t, stores[0], "r1"))
}

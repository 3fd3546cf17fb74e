package historytest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
)

// interruptedAppends cancels calls at random moments, of several goroutines at once, and compares
// what they answer with what a read then finds.
func interruptedAppends(t tester, subject Subject) {
	const writers, calls = 4, 60
	began := time.Now()
	for w := range writers {
		add(t, subject.Store, queued(fmt.Sprintf("r%d", w)))
	}
	took := time.Since(began)/writers + time.Microsecond
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			run := fmt.Sprintf("r%d", w)
			for call := range calls {
				lines := []history.Event{logged(run, call, "one"), logged(run, call, "two")}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.Int64N(int64(2*took))))
				_, err := subject.Store.Append(ctx, lines...)
				cancel()
				log, reading := subject.Store.Events(t.Context(), history.EventQuery{RunID: run})
				if reading != nil {
					t.Errorf("Events after an Append that answered %v: %v", err, reading)
					return
				}
				found := 0
				for _, event := range log {
					if event.Time.Equal(at(call)) && event.Type() == history.TypeLogWritten {
						found++
					}
				}
				if err == nil && found != len(lines) || err != nil && found != 0 {
					t.Errorf("an Append of %d events that was cancelled answered %v and stored %d", len(lines), err, found)
				}
			}
		})
	}
	group.Wait()
	for w := range writers {
		run := fmt.Sprintf("r%d", w)
		add(t, subject.Store, logged(run, calls, "still here"))
		gapless(t, readLog(t, subject.Store, run))
	}
}

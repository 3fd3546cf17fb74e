package historytest

import (
	"time"

	"github.com/fxrun/fxrun/history"
)

func timeClauses() []clause {
	return []clause{{name: "times are UTC to the microsecond", check: utc}}
}

func utc(t tester, subject Subject) {
	zone := time.FixedZone("far away", 9*60*60+1800)
	given := time.Date(2026, 1, 2, 3, 4, 5, 987654321, zone)
	want := time.Date(2026, 1, 1, 17, 34, 5, 987654000, time.UTC)
	events := append(finished("r1", "orders"), logged("r1", 9, "late"))
	for i := range events {
		events[i].Time = given
	}
	stored := add(t, subject.Store, events...)
	isUTC := func(what string, got time.Time) {
		t.Helper()
		if got != want { // not Equal: the location must be the same too
			t.Errorf("%s is %s, want %s", what, got, want)
		}
	}
	for _, event := range append(stored, readLog(t, subject.Store, "r1")...) {
		isUTC("the time of a "+string(event.Type()), event.Time)
	}
	record := readRun(t, subject.Store, "r1")
	isUTC("the time of queueing", record.Queued)
	isUTC("the time of starting", record.Started)
	isUTC("the time of finishing", record.Finished)
	isUTC("the time of the step", record.Steps[0].Started)
	if !record.CancelRequested.IsZero() {
		t.Errorf("the time of a cancel request that nobody made is %s", record.CancelRequested)
	}

	// A time of the running clock has a monotonic part, and is the same again
	// without it.
	now := history.Event{RunID: "r1", Seq: stored[len(stored)-1].Seq + 1, Time: time.Now(), Data: history.LogWritten{Message: "now"}}
	add(t, subject.Store, now)
	add(t, subject.Store, now)
	now.Time = now.Time.Round(0)
	add(t, subject.Store, now)
}

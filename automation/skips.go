package automation

import "time"

const (
	// skipsEvery is for how long ticks that skip for the same reason are one record, and
	// skipsApart how much longer for each unit, so that many of them write little.
	skipsEvery = 5 * time.Minute
	skipsApart = 100 * time.Millisecond
)

// recordSkip notes a tick that has changed nothing. Such ticks are recorded late, and
// several alike as one.
func (u *unit) recordSkip(record TickRecord, result Evaluation) {
	record.Status, record.Reason = TickSkipped, reasonOf(record, result)
	if u.skips != nil && u.skips.Reason != record.Reason {
		u.writeSkips()
	}
	if u.skips == nil {
		u.skips = new(TickRecord)
	}
	record.Count = u.skips.Count + 1
	*u.skips = record
	if time.Since(u.skipped) >= max(skipsEvery, time.Duration(len(u.units))*skipsApart) || record.Count == 1 && u.skipped.IsZero() {
		u.writeSkips()
	}
}

// writeSkips records the ticks that have changed nothing.
func (u *unit) writeSkips() {
	if u.skips == nil {
		return
	}
	record := *u.skips
	u.skips, u.skipped = nil, time.Now()
	u.journal.later(change{kind: kindSkipped, at: record.Ended, apply: func(state *State, seq int64) (any, error) {
		state.Ticks += int64(record.Count)
		state.Last = later(state.Last, record.Scheduled)
		record.Seq, record.Tick = seq, state.Ticks
		return record, nil
	}})
}

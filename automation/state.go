package automation

import (
	"encoding/json"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// The tags of runs that a schedule or a sensor has asked for.
const (
	// TagSchedule and TagSensor have the name of what has asked for the run.
	TagSchedule = "fxrun/schedule"
	TagSensor   = "fxrun/sensor"
	// TagRunKey has the key of the request.
	TagRunKey = "fxrun/run_key"
	// TagScheduled has the time that the tick was for, as in RFC 3339.
	TagScheduled = "fxrun/scheduled"
)

// State is what is known of a schedule or a sensor after its last entry in the history.
type State struct {
	// Switched is "on" or "off" if somebody has turned it on or off, and else "".
	Switched string `json:"switched,omitempty"`
	// Times is what the schedule ticks at: the cron expression and the zone.
	Times string `json:"times,omitempty"`
	// Since is the time from which on scheduled times count.
	Since time.Time `json:"since,omitzero"`
	// Last is the time that the last tick was for.
	Last time.Time `json:"last,omitzero"`
	// Ticks is the number of ticks so far.
	Ticks int64 `json:"ticks,omitempty"`
	// Cursor is the cursor of a sensor.
	Cursor string `json:"cursor,omitempty"`
	// Position is how far a sensor that ticks for events has read them, and Started says
	// that it has begun to.
	Position int64 `json:"position,omitempty"`
	Started  bool  `json:"started,omitempty"`
	// Attempt is the number of attempts at a tick that has failed, and will be tried again
	// at Again, for the time Scheduled.
	Attempt   int       `json:"attempt,omitempty"`
	Again     time.Time `json:"again,omitzero"`
	Scheduled time.Time `json:"scheduled,omitzero"`
	// Open is the sequence number of an entry whose runs are perhaps not all queued.
	Open int64 `json:"open,omitempty"`
	// Resets counts the resets.
	Resets int `json:"resets,omitempty"`
}

// The kinds of entries.
const (
	kindDefined   = "defined"   // it was seen first, or its times have changed
	kindSwitched  = "switched"  // somebody has turned it on or off
	kindReset     = "reset"     // somebody has set its cursor, or released keys
	kindRequested = "requested" // a tick has asked for runs
	kindQueued    = "queued"    // the runs of an entry are queued
	kindSkipped   = "skipped"   // a tick, or several alike, asked for none
	kindFailed    = "failed"    // a tick has failed
)

// TickStatus says how a tick ended.
type TickStatus string

// The statuses of ticks.
const (
	TickRequested TickStatus = kindRequested
	TickSkipped   TickStatus = kindSkipped
	TickFailed    TickStatus = kindFailed
)

// TickRecord is what the history has of a tick.
type TickRecord struct {
	// Seq is the place of the record in the journal of its schedule or sensor.
	Seq int64 `json:"seq"`
	// Tick is the number of the tick, and Attempt the number of the attempt.
	Tick    int64 `json:"tick"`
	Attempt int   `json:"attempt,omitempty"`
	// Count is how many ticks the record is of: all ticks that skip for the same reason
	// within five minutes are one record. With more than 3,000 schedules and sensors, this
	// time is a tenth of a second multiplied by their number. Tick is the number of the last
	// one.
	Count int `json:"count,omitempty"`
	// Status says how it ended.
	Status TickStatus `json:"status"`
	// Scheduled is the time that the tick was for. Ended is when it ended.
	Scheduled time.Time     `json:"scheduled"`
	Ended     time.Time     `json:"ended"`
	Duration  time.Duration `json:"duration_ns"`
	// Event is the place of the event that the tick was for.
	EventRun string `json:"event_run,omitempty"`
	EventSeq int64  `json:"event_seq,omitempty"`
	// Runs are the runs that the tick has asked for.
	Runs []RequestRecord `json:"runs,omitempty"`
	// Known are the keys of requests that have made a run before.
	Known []string `json:"known_keys,omitempty"`
	// Reason is why it skipped, and Error why it failed. Again is when it is tried again.
	Reason string          `json:"reason,omitempty"`
	Error  history.Failure `json:"error,omitzero"`
	Again  time.Time       `json:"again,omitzero"`
	// Cursor is the cursor after the tick, if it was set.
	Cursor *string `json:"cursor,omitempty"`
	// Log are the first log lines of the tick.
	Log []LogLine `json:"log,omitempty"`
}

// RequestRecord is what the history has of a request.
type RequestRecord struct {
	Key string         `json:"key,omitempty"`
	Run runs.QueuedRun `json:"run"`
}

// decode reads a part of an entry.
func decode[T any](text json.RawMessage) (T, error) {
	var value T
	err := json.Unmarshal(text, &value)
	return value, err
}

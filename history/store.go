package history

import (
	"context"
	"errors"
	"fmt"
)

// What callers may match with errors.Is.
var (
	// ErrNotFound: no such run.
	ErrNotFound = errors.New("no such run")
	// ErrConflict: the log already holds another event at that place, or does
	// not reach up to it.
	ErrConflict = errors.New("the run's log goes on differently")
	// ErrTransition: the event can't happen to a run, or a step, in this
	// status. A cancel request for a finished run is one.
	ErrTransition = errors.New("illegal transition")
	// ErrInvalid: the event could not stand in any log; it lacks a run ID, a
	// time or data, or its data says nothing.
	ErrInvalid = errors.New("invalid event")
)

// Store keeps the events of runs, for good, and their sum as records.
//
// A store may implement [Latest] besides.
//
// Every implementation is safe for concurrent use, and passes the suite in
// package historytest. What a store returns is the caller's; what it is given it
// does not hold on to.
//
// The store's side: an appended event is never changed, reordered or lost, and
// is seen by every read that begins after Append returned, also from other
// Store values on the same data. All times are UTC, to the microsecond.
//
// The caller's side: one executor appends the events of a run in the order in
// which they are to stand; anybody may append [RunCancelRequested] and
// [LogWritten] in between. Secrets are masked before they come here.
type Store interface {
	// Append adds events to the logs of their runs, all or none, and returns
	// them as stored: with their sequence numbers, in the order given. The
	// events may belong to several runs. Without events it does nothing.
	//
	// An event with Seq 0 goes to the end of its run's log. An event with a
	// Seq says where it is to stand: at the end, it is added; where the same
	// event stands already, nothing happens, so that a call whose outcome got
	// lost can be made again; anything else matches ErrConflict. The same
	// means: equal time and data.
	//
	// Events that the run's status does not allow match ErrTransition; those
	// of a run without RunQueued also match ErrNotFound; those that no log
	// could hold match ErrInvalid.
	//
	// When ctx ends before the store has begun to write, nothing is stored and
	// the error matches ctx.Err(). A write that has begun is not interrupted:
	// after an error nothing is stored, and a call whose events are stored
	// returns them, even if its ctx has ended meanwhile. To record how a cancelled run ended, don't
	// use the run's own context.
	Append(ctx context.Context, events ...Event) ([]Event, error)

	// Runs returns the records that the query asks for, newest first: in the
	// reverse order of their RunQueued events. No match is an empty result,
	// not an error; only an unknown query.Before matches ErrNotFound.
	Runs(ctx context.Context, query RunQuery) ([]Record, error)

	// Events returns the events that the query asks for. No match is an empty
	// result, but a RunID without a run, in the query or in its Before,
	// matches ErrNotFound. A log may be long: [EachEvent] reads it in pages.
	Events(ctx context.Context, query EventQuery) ([]Event, error)
}

// RunQuery says which runs to return. A run must fit every field that is set;
// the zero RunQuery asks for all runs.
type RunQuery struct {
	// ID is the run's ID.
	ID string
	// IDPrefix is the beginning of the run's ID, byte by byte.
	IDPrefix string
	// Job is the name of the run's job.
	Job string
	// Statuses are the statuses to return, any of them.
	Statuses []Status
	// Tags must all be among the run's tags, with these values.
	Tags map[string]string
	// Before is the ID of a run: only older ones are returned. With the last
	// ID of one page it asks for the next, which stays the same however many
	// runs are queued meanwhile. The run itself need not fit the query.
	Before string
	// Limit is the largest number of runs to return; 0 is no limit.
	Limit int
	// OmitSteps leaves Record.Steps nil, for lists that don't show them.
	OmitSteps bool
}

// EventQuery says which events to return. An event must fit every field that
// is set.
//
// With a RunID it asks for that run's log, oldest first, and AfterSeq pages
// through it. Without one it asks across all runs for what happened last,
// newest first in the order of appending, and Before pages back: {Asset: key,
// Types: {TypeAssetMaterialized}, Limit: 1} is an asset's last
// materialization.
type EventQuery struct {
	// RunID is the run whose log to read.
	RunID string
	// AfterSeq leaves out the events up to this sequence number. Only with a
	// RunID.
	AfterSeq int64
	// Asset is the key of the asset that the events are about.
	Asset string
	// Partition is the asset's partition; "" is any. Only with an Asset.
	Partition string
	// Types are the types to return, any of them; none is all.
	Types []EventType
	// Before is a place in a log: only events appended earlier are returned.
	// Only without a RunID; the zero Place is no bound.
	Before Place
	// Limit is the largest number of events to return; 0 is no limit.
	Limit int
}

// Place is where an event stands.
type Place struct {
	RunID string
	Seq   int64
}

// Place returns where the event stands.
func (e Event) Place() Place { return Place{RunID: e.RunID, Seq: e.Seq} }

// Check reports fields that don't go together. Stores answer such a query with
// this error.
func (q EventQuery) Check() error {
	switch {
	case q.RunID == "" && q.AfterSeq != 0:
		return errors.New("event query: AfterSeq needs a RunID")
	case q.RunID != "" && q.Before != Place{}:
		return errors.New("event query: Before can't go with a RunID")
	case q.Asset == "" && q.Partition != "":
		return errors.New("event query: Partition needs an Asset")
	}
	return nil
}

// Find returns the record of one run. The error of an unknown ID matches
// [ErrNotFound].
func Find(ctx context.Context, store Store, id string) (Record, error) {
	if id == "" {
		return Record{}, fmt.Errorf("finding a run without an ID: %w", ErrNotFound)
	}
	found, err := store.Runs(ctx, RunQuery{ID: id, Limit: 1})
	if err != nil {
		return Record{}, fmt.Errorf("finding run %s: %w", id, err)
	}
	if len(found) == 0 {
		return Record{}, fmt.Errorf("finding run %s: %w", id, ErrNotFound)
	}
	return found[0], nil
}

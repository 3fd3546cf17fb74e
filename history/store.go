package history

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What callers may match with errors.Is.
var (
	// ErrNotFound is matched by the error of a run, or of an event, that the store
	// does not have.
	ErrNotFound = errors.New("no such run")
	// ErrConflict is matched by the error of an event whose sequence number belongs
	// to another event, or would leave a gap in the log.
	ErrConflict = errors.New("the event does not continue the log of its run")
	// ErrTransition is matched by the error of an event that cannot happen to a run,
	// or to a step, in its present status. A request to cancel a run that has
	// finished is such an event.
	ErrTransition = errors.New("illegal transition")
	// ErrInvalid is matched by the error of an event that no log can contain. It
	// lacks a run ID, a time or data, or its data is not valid.
	ErrInvalid = errors.New("invalid event")
)

// Store keeps the events of runs and their records. It may also implement [Latest], [Ordered],
// [Pruner], which removes old runs, [Journals], [EntryPruner], [Feed] and [Watcher].
//
// Every implementation is safe for concurrent use, and passes the suite in package
// historytest. The caller may change what a store returns, and what the caller has
// given to the store.
//
// A store never changes, reorders or loses an event that was appended, unless Prune removes it. Every read
// that begins after Append has returned sees the event, also a read by another Store
// value of the same data. All times are in UTC, to the microsecond.
//
// One process, the executor of a run, appends the events of this run in their order.
// Any process may append RunCancelRequested and LogWritten between them. The workers of a
// run on a cluster append the events of the steps and resources that they execute. The caller
// masks secrets before it appends an event.
type Store interface {
	// Append adds events to the logs of their runs. It adds all of them or none. It
	// returns the events as they are stored, with their sequence numbers, in the
	// given order. The events may belong to several runs. Without events, Append
	// does nothing.
	//
	// An event with Seq 0 is added at the end of the log of its run. Another Seq
	// says at which place the event belongs. If this place is the end of the log,
	// the event is added. If the log has an event with equal time and data at this
	// place, nothing happens, so a call whose outcome is not known can be repeated.
	// In all other cases the error matches ErrConflict.
	//
	// The error of an event that the status of the run does not allow matches
	// ErrTransition. The error of an event of a run without RunQueued also matches
	// ErrNotFound. The error of an event that no log can contain matches ErrInvalid.
	//
	// If ctx ends before the store has begun to write, nothing is stored, and the
	// error matches ctx.Err(). A write that has begun is not interrupted by ctx.
	// After an error nothing is stored. If the events are stored, Append returns
	// them without an error, even if ctx has ended in the meantime. The context of a
	// cancelled run has ended, so its end must be recorded with another context.
	Append(ctx context.Context, events ...Event) ([]Event, error)

	// Runs returns the records that the query asks for, the newest first: in the
	// reverse order of their RunQueued events. If no run fits, the result is empty
	// and there is no error. The error of an unknown query.Before matches
	// ErrNotFound.
	Runs(ctx context.Context, query RunQuery) ([]Record, error)

	// Events returns the events that the query asks for. If no event fits, the
	// result is empty and there is no error. If the query, or its Before, has the
	// RunID of an unknown run, the error matches ErrNotFound. A log may be long:
	// [EachEvent] reads it in pages.
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
	// QueuedFrom and QueuedBefore limit the time at which the run was queued: from
	// QueuedFrom on, and before QueuedBefore. A zero time sets no limit.
	QueuedFrom, QueuedBefore time.Time
	// Before is the ID of a run. Only older runs are returned. With the last ID of
	// one page it asks for the next page. Runs that are queued in the meantime do
	// not change that page. The run itself need not fit the query.
	Before string
	// Limit is the largest number of runs to return; 0 is no limit.
	Limit int
	// OmitSteps leaves Record.Steps nil, for lists that don't show them.
	OmitSteps bool
}

// EventQuery says which events to return. An event must fit every field that is set.
//
// A query with a RunID reads the log of this run, the oldest event first. AfterSeq
// asks for the next page.
//
// A query without a RunID reads the events of all runs, in the reverse order of
// their appending. Before asks for the next page. For instance, {Asset: key, Types:
// {TypeAssetMaterialized}, Limit: 1} is the last materialization of an asset.
type EventQuery struct {
	// RunID is the run whose log to read.
	RunID string
	// AfterSeq leaves out the events up to this sequence number. It needs a RunID.
	AfterSeq int64
	// Asset is the key of the asset that the events are about.
	Asset string
	// Partition is the asset's partition; "" is any. Only with an Asset.
	Partition string
	// Types are the types of the events to return. Without types, events of all
	// types are returned.
	Types []EventType
	// Before is a place in a log. Only events that were appended earlier are
	// returned. It cannot be set together with a RunID. The zero Place sets no
	// limit.
	Before Place
	// Limit is the largest number of events to return; 0 is no limit.
	Limit int
}

// Place is the place of an event: its run, and its sequence number in the log of
// this run.
type Place struct {
	RunID string
	Seq   int64
}

// Place returns the run of the event and its place in the log of this run.
func (e Event) Place() Place { return Place{RunID: e.RunID, Seq: e.Seq} }

// Check returns an error if the query has fields that exclude each other. A store
// answers such a query with this error.
func (q EventQuery) Check() error {
	switch {
	case q.RunID == "" && q.AfterSeq != 0:
		return errors.New("checking the event query: AfterSeq needs a RunID")
	case q.RunID != "" && q.Before != Place{}:
		return errors.New("checking the event query: Before cannot be set together with a RunID")
	case q.Asset == "" && q.Partition != "":
		return errors.New("checking the event query: Partition needs an Asset")
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

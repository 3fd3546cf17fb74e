package history

import (
	"context"
	"time"
)

// TagRetryOf is the tag of a run that repeats another run. Its value is the ID of that
// run. Pruning keeps a run as long as a run that repeats it is kept.
const TagRetryOf = "fxrun/retry_of"

// Pruner is an optional interface of a [Store]. A store that implements it can remove
// old runs, so that the history does not grow for ever. Without it, a store keeps
// everything.
//
// Only runs that have finished are removed. The last materialization of each asset, and
// of each partition of an asset, is never removed. So [LatestMaterializations] gives the
// same before and after, and whoever made a stored value can be found. A run that has
// made one of these is reduced in place of being removed: its record stays, and of its
// log the first event, the materializations that are still the last ones, the end of the
// run, and the last event. The log of such a run has gaps, and Record.Pruned is set. The
// run is removed by a later call, once other runs have stored the values again.
//
// The last event of all runs is not removed either, so that the positions of a [Feed] go on
// from it. A run that was repeated ([TagRetryOf]) is not touched while the log of a run that
// repeats it is whole, since that run may use its values. It is reduced, and not
// removed, while the record of such a run is kept.
type Pruner interface {
	// Prunable returns the runs that a retention does not keep, without changing
	// anything. They are in the order in which they are to be given to Prune, the
	// newest first, because a run can be removed only after its retries. A run
	// that Prune would leave as it is is not among them.
	Prunable(ctx context.Context, retention Retention) ([]PrunableRun, error)

	// Prune removes or reduces a run, whatever its age. A store does this in small
	// steps, between which others can write. If ctx ends meanwhile, or the process
	// is killed, the run is reduced, with a part of its log, and can be pruned again.
	//
	// The error of an unknown run matches ErrNotFound. The error of a run that has
	// not finished, or that a run with a whole log repeats, matches ErrTransition.
	Prune(ctx context.Context, id string) (Pruned, error)
}

// Retention says which finished runs to give up: those that one of its limits does not
// keep. The zero Retention keeps all runs.
type Retention struct {
	// FinishedBefore gives up the runs that have ended before this time. The zero
	// time is no limit.
	FinishedBefore time.Time
	// Keep is how many runs of each job are kept, the newest. Runs without a job count
	// as those of one job. 0 is no limit.
	Keep int
	// Jobs names the jobs whose runs may be given up; nil means all jobs.
	Jobs []string
	// Whole leaves out the runs that were reduced before. Looking for those that can be
	// removed by now takes longer.
	Whole bool
	// Limit is the largest number of runs to return; 0 is no limit. The oldest runs come
	// first into consideration.
	Limit int
}

// PrunableRun is a run that a retention does not keep.
type PrunableRun struct {
	// ID is the ID of the run, and Job the name of its job, or "".
	ID  string `json:"id"`
	Job string `json:"job,omitempty"`
	// Finished is when the run ended, in UTC.
	Finished time.Time `json:"finished"`
	// KeepsRecord says that the run will be reduced, and not removed: see [Pruner].
	KeepsRecord bool `json:"keeps_record,omitempty"`
}

// Pruned says what Prune has done with a run.
type Pruned struct {
	// Removed says that nothing is left of the run. Otherwise it was reduced.
	Removed bool
	// Events is how many events were removed.
	Events int64
}

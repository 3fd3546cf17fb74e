package runs

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
)

// Why a run follows from another one, by a policy.
const (
	whyRetry  = "retry"  // it has failed
	whyResume = "resume" // its process has ended
)

// derivedID returns the ID of the run that follows from another one. It is the same in all
// processes, so of several that queue the run one succeeds.
func derivedID(why, id string) string {
	digest := sha256.Sum256([]byte("fxrun " + why + " " + id))
	return strings.ToLower(base32.StdEncoding.EncodeToString(digest[:])[:12])
}

// nextRun is a run that repeats one that has failed, by the policy of that one.
type nextRun struct {
	launch launch
	event  history.Event // the first of the run
}

// next prepares the run that repeats this one, if it has failed and its policy says so.
// The run has the history of this one up to its end. If the repetition cannot be
// prepared, the end of the run says so.
func (r *Run) next(err error, finished *history.RunFinished) *nextRun {
	attempt := 1
	if retry := r.launch.asked.Retry; retry != nil && retry.Attempt > 0 {
		attempt = retry.Attempt
	}
	if finished.Status != history.StatusFailed || attempt > r.launch.retry.times || assets.IsPermanent(err) {
		return nil
	}
	var next *nextRun
	failed := panics.Guard(func() (err error) {
		next, err = r.prepareNext(attempt)
		return err
	})
	if failed != nil {
		finished.Error.Message += fmt.Sprintf("; the run is not repeated: %v", failed)
		return nil
	}
	return next
}

func (r *Run) prepareNext(attempt int) (*nextRun, error) {
	record, err := history.Find(context.WithoutCancel(r.ctx), r.launcher.config.Store, r.ID())
	if err != nil {
		return nil, err
	}
	steps := unfinished(record)
	if len(steps) == 0 {
		return nil, nil
	}
	request := r.launch.asked
	job, err := r.launcher.wholePlan(request)
	if err != nil {
		return nil, err
	}
	retry := &Retry{Of: r.ID(), First: firstOf(record), Attempt: attempt + 1, Resumes: numberIn(record.Tags, TagResumes), AskedBy: askedBy(record.Tags)}
	if err := r.launcher.chooseFrom(context.WithoutCancel(r.ctx), retry, record, job.Plan, steps); err != nil {
		return nil, err
	}
	request.ID, request.Retry = derivedID(whyRetry, r.ID()), retry
	prepared, err := r.launcher.Prepare(request)
	if err != nil {
		return nil, err
	}
	next := &nextRun{launch: prepared.launch}
	queued := &next.launch.record
	queued.Owner, queued.Takeable = r.owner.String(), queued.Incomplete == ""
	if backoff := r.launch.retry.backoff; backoff != nil {
		if wait := backoff(attempt); wait > 0 {
			queued.NotBefore = time.Now().Add(wait).UTC().Truncate(time.Microsecond)
		}
	}
	next.event = history.Event{
		RunID: next.launch.id, Seq: 1, Time: time.Now().UTC().Truncate(time.Microsecond), Data: mask(next.launch.child.Mask).event(*queued),
	}
	return next, nil
}

// begin begins to execute the run, which is recorded. It returns nil if the launcher is
// closed: the run then stays queued, for others if they can execute it.
func (n *nextRun) begin(ctx context.Context, launcher *Launcher, own owner) *Run {
	run := newRun(ctx, n.launch, launcher)
	close(run.queued)
	if err := launcher.enter(run); err != nil {
		run.log.close()
		return nil
	}
	run.owner = own
	run.log.follow(ctx, []history.Event{n.event})
	launcher.begin(run, func() {})
	return run
}

// RetriedBy returns the run that repeats this one, because it has failed and its policy
// says so: see assets.RetryRun. It returns nil if there is none, and before [Run.Done] is
// closed.
func (r *Run) RetriedBy() *Run {
	select {
	case <-r.done:
		return r.retriedBy
	default:
		return nil
	}
}

// unfinished returns the keys of the steps of a run that have not succeeded.
func unfinished(record history.Record) []string {
	var steps []string
	for _, step := range record.Steps {
		if step.Status != history.StepStatusSucceeded {
			steps = append(steps, step.Key)
		}
	}
	return steps
}

// firstOf returns the ID of the first run, of which a run is a retry, or its own.
func firstOf(record history.Record) string {
	if first := record.Tags[TagFirstRun]; first != "" {
		return first
	}
	return record.ID
}

// Why a run ends here that goes on elsewhere.
var (
	errStillQueued = errors.New("the launcher was closed before the run could begin, so it is left in the queue")
	errAway        = errors.New("another process has taken the run, or has recorded its end")
)

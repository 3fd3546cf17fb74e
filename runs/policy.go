package runs

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/internal/fault"
)

// The tags that have the policies of a run, so that another process can follow them.
const (
	// TagPriority has the priority of a run, if it is not 0: see Request.
	TagPriority = reservedTags + "priority"
	// TagOnCrash is "resume" if the run is resumed after a crash: see assets.CrashResume. It is
	// "give_up" if the launch has chosen that; without the tag it is what the job says.
	TagOnCrash = reservedTags + "on_crash"
	// TagRetryRun has the RunRetry of the launch, if it has one.
	TagRetryRun = reservedTags + "retry_run"
	// TagAttempt has the number of the attempt, from 2, if the run repeats one that has
	// failed by the policy of the run.
	TagAttempt = reservedTags + "attempt"
	// TagResumes has the number of times that the run was resumed after a crash.
	TagResumes = reservedTags + "resumes"
)

// RunRetry says how often, and when, a run is repeated that has failed. It is what
// assets.RetryRun is for a job, as plain data, which the history keeps as a tag.
type RunRetry struct {
	// Times is how often the run is repeated at most. 0 repeats nothing, also if the job
	// has another policy.
	Times int
	// Wait is the wait before the first repetition. Before each further one it is twice
	// as long, up to MaxWait. Without a MaxWait there is no bound.
	Wait, MaxWait time.Duration
}

func (r *RunRetry) check() error {
	if r == nil || r.Times >= 0 && r.Wait >= 0 && r.MaxWait >= 0 {
		return nil
	}
	return fault.Join("launching a run", []error{fmt.Errorf("its RetryRun is %+v: nothing in it can be negative", *r)})
}

// String returns the policy as it stands in the tag.
func (r *RunRetry) String() string { return fmt.Sprintf("%d %s %s", r.Times, r.Wait, r.MaxWait) }

// isPolicyTag reports whether a tag has a policy, which PoliciesOf says.
func isPolicyTag(name string) bool {
	return slices.Contains([]string{TagPriority, TagOnCrash, TagRetryRun, TagAttempt, TagResumes}, name)
}

// PoliciesOf returns what the tags of a run say of its policies, as texts for people, and the
// other tags. Programs that show runs use it.
func PoliciesOf(tags map[string]string) (policies []string, others map[string]string) {
	others = maps.Clone(tags)
	maps.DeleteFunc(others, func(name, _ string) bool { return isPolicyTag(name) })
	say := func(tag, format string) {
		if value, ok := tags[tag]; ok {
			policies = append(policies, fmt.Sprintf(format, value))
		}
	}
	say(TagPriority, "priority %s")
	if retry := parseRunRetry(tags[TagRetryRun]); retry != nil {
		policies = append(policies, retry.text())
	}
	if tags[TagOnCrash] == string(assets.CrashResume) {
		policies = append(policies, "resumed after a crash")
	}
	say(TagAttempt, "attempt %s")
	say(TagResumes, "resumed %s times before")
	return policies, others
}

// text returns the policy for people.
func (r *RunRetry) text() string {
	switch {
	case r.Times == 0:
		return "not repeated if it fails"
	case r.Wait == 0:
		return fmt.Sprintf("repeated up to %d times if it fails", r.Times)
	case r.MaxWait == 0:
		return fmt.Sprintf("repeated up to %d times if it fails, the first time after %s", r.Times, r.Wait)
	}
	return fmt.Sprintf("repeated up to %d times if it fails, the first time after %s, and after %s at most", r.Times, r.Wait, r.MaxWait)
}

// parseRunRetry reads the tag. It returns nil for a text that it has not written.
func parseRunRetry(text string) *RunRetry {
	parts := strings.Fields(text)
	if len(parts) != 3 {
		return nil
	}
	times, err := strconv.Atoi(parts[0])
	wait, wrong := time.ParseDuration(parts[1])
	maxWait, bad := time.ParseDuration(parts[2])
	if err != nil || wrong != nil || bad != nil {
		return nil
	}
	return &RunRetry{times, wait, maxWait}
}

// backoff returns the wait before a repetition.
func (r *RunRetry) backoff(attempt int) time.Duration {
	return backoff.Exponential(r.Wait, cmp.Or(r.MaxWait, math.MaxInt64))(attempt)
}

// retryPolicy is what repeats a failed run.
type retryPolicy struct {
	times   int
	backoff func(attempt int) time.Duration // nil for no wait
}

// retryPolicyOf returns the policy of a launch: its own one, or that of its job.
func retryPolicyOf(request Request, job assets.JobPlan) retryPolicy {
	if request.RetryRun != nil {
		return retryPolicy{request.RetryRun.Times, request.RetryRun.backoff}
	}
	return retryPolicy{job.Retries, job.Backoff}
}

// checkPolicies refuses policies that do not exist.
func (r Request) checkPolicies() error {
	switch r.OnCrash {
	case "", assets.CrashGiveUp, assets.CrashResume:
	default:
		return fault.Join("launching a run", []error{fmt.Errorf("its OnCrash is %q: there are assets.CrashGiveUp and assets.CrashResume", r.OnCrash)})
	}
	return r.RetryRun.check()
}

// tag puts the policies of the launch on the run.
func (r Request) tag(tags map[string]string, job assets.JobPlan) {
	if r.Priority != 0 {
		tags[TagPriority] = strconv.Itoa(r.Priority)
	}
	if r.OnCrash != "" {
		tags[TagOnCrash] = string(r.OnCrash)
	} else if job.OnCrash == assets.CrashResume {
		tags[TagOnCrash] = string(assets.CrashResume)
	}
	if r.RetryRun != nil {
		tags[TagRetryRun] = r.RetryRun.String()
	}
}

// restore reads the policies of a launch from the tags of its run.
func (r *Request) restore(tags map[string]string) {
	r.Priority = priorityOf(tags)
	r.OnCrash = assets.CrashPolicy(tags[TagOnCrash])
	r.RetryRun = parseRunRetry(tags[TagRetryRun])
}

func priorityOf(tags map[string]string) int { return numberIn(tags, TagPriority) }

// numberIn returns the number in a tag. A text that is no number was not written by a
// launcher, and counts as 0.
func numberIn(tags map[string]string, key string) int {
	number, _ := strconv.Atoi(tags[key])
	return number
}

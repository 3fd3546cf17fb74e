package ui

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
)

// attention is something that a person should look at.
type attention struct {
	Badge badge
	Link  link
	Text  string
	Time  time.Time
}

const (
	// overdue is how late the tick of a schedule may be.
	overdue = time.Minute
	// longQueued is how long a run may be queued, and longCancelled how long a run may take
	// to end after somebody has asked it to.
	longQueued, longCancelled = 10 * time.Minute, time.Minute
	// slowerThan is how often longer than any earlier run of the job a run may take, if it
	// takes at least slowAtLeast.
	slowerThan, slowAtLeast = 3, time.Minute
)

// runsToLookAt lists what was launched last and has failed, and runs that are lost or
// stuck.
func (p *Pages) runsToLookAt(ctx context.Context, records []history.Record, now time.Time) []attention {
	var list []attention
	seen := make(map[string]bool)
	longest := longestRuns(records)
	for _, record := range records {
		what := whatText(record)
		if text, since := p.stuck(ctx, record, longest[what], now); text != "" {
			list = append(list, attention{badge{"warn", "stuck"}, link{shownWhat(record), p.url("/runs/", record.ID)}, text, since})
		}
		if p.runDetail(ctx, record).IsLost() {
			list = append(list, attention{badge{"bad", "lost"}, link{shownWhat(record), p.url("/runs/", record.ID)}, "the process that executed the run has ended", startOf(record)})
		}
		if seen[what] || !record.Status.Finished() {
			continue
		}
		seen[what] = true
		if record.Status == history.StatusFailed {
			list = append(list, attention{badge{"bad", "failed"}, link{shownWhat(record), p.url("/runs/", record.ID)}, firstLine(record.Error.Message), record.Finished})
		}
	}
	return list
}

// longestRuns returns how long the longest run of each job or selection took that has
// succeeded.
func longestRuns(records []history.Record) map[string]time.Duration {
	longest := make(map[string]time.Duration)
	for _, record := range records {
		if record.Status == history.StatusSucceeded {
			longest[whatText(record)] = max(longest[whatText(record)], record.Duration)
		}
	}
	return longest
}

// stuck says why a run looks as if it does not go on, and since when; "" if it does.
func (p *Pages) stuck(ctx context.Context, record history.Record, longest time.Duration, now time.Time) (string, time.Time) {
	switch {
	case record.Status.Finished():
	case record.Status == history.StatusQueued:
		if now.Sub(record.Queued) < longQueued || record.NotBefore.After(now) {
			break
		}
		waits, err := p.config.Launcher.WaitsFor(ctx, record)
		if err != nil || waits == "" {
			waits = "its turn"
		}
		return "it is queued for " + durationText(now.Sub(record.Queued)) + ", and waits for " + waits, record.Queued
	case !record.CancelRequested.IsZero():
		if since := now.Sub(record.CancelRequested); since > longCancelled {
			return "it was asked to stop " + durationText(since) + " ago", record.CancelRequested
		}
	case !record.Started.IsZero() && longest > 0:
		if took := now.Sub(record.Started); took > slowAtLeast && took > slowerThan*longest {
			return "it takes " + durationText(took) + " so far; earlier ones took " + durationText(longest) + " at most", record.Started
		}
	}
	return "", time.Time{}
}

// automationsToLookAt lists the schedules and sensors whose last tick has failed, and the
// schedules whose tick is late.
func (p *Pages) automationsToLookAt(all []automation.Status, now time.Time) []attention {
	var list []attention
	for _, one := range all {
		what := link{string(one.Kind) + " " + one.Name, p.automationPath(one.Description)}
		if one.Tick != nil && one.Tick.Status == automation.TickFailed {
			list = append(list, attention{badge{"bad", "failed"}, what, firstLine(one.Tick.Error.Message), one.Tick.Ended})
		}
		if one.Kind == automation.KindSchedule && isOverdue(one, now) {
			list = append(list, attention{badge{"warn", "overdue"}, what, "its tick is " + durationText(now.Sub(one.Next)) + " late: look whether a daemon runs", one.Next})
		}
	}
	return list
}

func isOverdue(one automation.Status, now time.Time) bool {
	return one.Ticking && !one.Next.IsZero() && now.Sub(one.Next) > overdue
}

// resourcesToLookAt lists the resources that lack variables.
func (p *Pages) resourcesToLookAt() []attention {
	var list []attention
	for _, resource := range p.inspect.Resources() {
		var missing []string
		for _, field := range resource.Config {
			if field.Source == container.SourceMissing && !field.AtLaunch {
				missing = append(missing, cmp.Or(field.Variable, field.Path))
			}
		}
		if len(missing) > 0 {
			list = append(list, attention{badge{"warn", "not set"}, link{resource.Key, p.url("/resources/", resource.Key)}, strings.Join(missing, ", "), time.Time{}})
		}
	}
	return list
}

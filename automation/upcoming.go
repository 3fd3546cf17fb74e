package automation

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Upcoming is a tick that a schedule is going to have.
type Upcoming struct {
	// Name is the name of the schedule, and Job or Selection what it runs by default.
	Name      string `json:"name"`
	Job       string `json:"job,omitempty"`
	Selection string `json:"selection,omitempty"`
	// At is when it ticks.
	At time.Time `json:"at"`
}

// Upcoming returns the ticks of the schedules that are on, the earliest first: those after
// now and not after until, at most each for every schedule. A zero until sets no limit.
func (c *Control) Upcoming(ctx context.Context, now, until time.Time, each int) ([]Upcoming, error) {
	schedules, err := c.All(ctx, KindSchedule)
	if err != nil {
		return nil, err
	}
	upcoming := []Upcoming{}
	for _, status := range schedules {
		if !status.Ticking {
			continue
		}
		a, err := c.automations.find(KindSchedule, status.Name)
		if err != nil {
			return nil, err
		}
		at := later(now, later(status.State.Since, status.State.Last))
		for range each {
			at = a.times.Next(at)
			if at.IsZero() || !until.IsZero() && at.After(until) {
				break
			}
			upcoming = append(upcoming, Upcoming{Name: status.Name, Job: status.Job, Selection: status.Selection, At: at})
		}
	}
	slices.SortStableFunc(upcoming, func(a, b Upcoming) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name)) })
	return upcoming, nil
}

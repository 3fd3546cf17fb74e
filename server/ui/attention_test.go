package ui_test

import (
	"testing"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/server/ui"
)

func TestAScheduleIsOverdueWhenItsTickIsLate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		status automation.Status
		want   bool
	}{
		"it ticked in time":                   {automation.Status{Ticking: true, Next: now.Add(time.Hour)}, false},
		"the daemon is about to tick":         {automation.Status{Ticking: true, Next: now.Add(-time.Second)}, false},
		"nobody has ticked it":                {automation.Status{Ticking: true, Next: now.Add(-time.Hour)}, true},
		"it is off":                           {automation.Status{Next: now.Add(-time.Hour)}, false},
		"it has no next tick, as a sensor is": {automation.Status{Ticking: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := ui.IsOverdue(c.status, now); got != c.want {
				t.Errorf("overdue is %v", got)
			}
		})
	}
}

package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
)

func TestTheOverviewNamesRunsThatAreStuck(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	ago := func(d time.Duration) time.Time { return time.Now().Add(-d) }
	run := func(id string, events ...history.Event) {
		for i := range events {
			events[i].RunID = id
		}
		if _, err := s.launcher.Store().Append(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
	}
	queued := func(d time.Duration) history.Event {
		return history.Event{Time: ago(d), Data: history.RunQueued{Selection: "slow", Steps: []string{"slow"}, Takeable: true}}
	}
	run("waiting", queued(time.Hour))
	run("new", queued(time.Second))
	run("stopping", queued(time.Hour), history.Event{Time: ago(time.Hour), Data: history.RunStarting{}}, history.Event{Time: ago(time.Hour), Data: history.RunStarted{}},
		history.Event{Time: ago(5 * time.Minute), Data: history.RunCancelRequested{}})
	text := textOf(s.get("/").body)
	for want, n := range map[string]int{"stuck\n": 2, "it is queued for 1 h 00 min, and waits for": 1, "it was asked to stop 5 min": 1} {
		if got := strings.Count(text, want); got != n {
			t.Errorf("the page says %q %d times, want %d:\n%s", want, got, n, text)
		}
	}
}

func TestTheTimelineOfJobsHasTheNextTicks(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, fx.Options(
		assets.New("orders", func() (report, error) { return "", nil }), assets.NewJob("often", assets.Select("orders")), assets.NewJob("never", assets.Select("orders")),
		automation.NewSchedule("every_minute", "* * * * *", "often"), automation.NewSchedule("off", "* * * * *", "never", automation.OffByDefault()),
	))
	for name, least := range map[string]int{"10 min": 1, "1 h": 10, "24 h": 60, "nonsense": 1} {
		page := s.get("/?range=" + url.QueryEscape(name)).body
		if got := strings.Count(page, `aria-label="schedule every_minute, `); got < least || got > 60 {
			t.Errorf("for %s there are %d ticks, want at least %d", name, got, least)
		}
		if strings.Contains(page, "schedule off,") {
			t.Errorf("for %s there are ticks of a schedule that is off", name)
		}
	}
}

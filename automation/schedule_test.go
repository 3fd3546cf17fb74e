package automation_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
)

// scheduled returns the times that the runs of a schedule are for.
func scheduled(p *program, name string) []string {
	var times []string
	for _, record := range p.runs(map[string]string{automation.TagSchedule: name}) {
		times = append(times, record.Tags[automation.TagScheduled])
	}
	return times
}

func TestAScheduleRunsItsJobAtItsTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // it begins at 2000-01-01 00:00 UTC
		var loaded tables
		p := newProgram(t, &loaded, nil, automation.NewSchedule("often", "*/20 * * * *", "small_job", automation.InZone("Asia/Kathmandu"), automation.Tag("team", "data")))
		p.runFor(time.Hour+time.Second, nil)
		want := []string{"2000-01-01T06:00:00+05:45", "2000-01-01T06:20:00+05:45", "2000-01-01T06:40:00+05:45"}
		if diff := cmp.Diff(want, scheduled(p, "often")); diff != "" {
			t.Error(diff)
		}
		for _, record := range p.runs(map[string]string{"team": "data"}) {
			at, err := time.Parse(time.RFC3339, record.Tags[automation.TagScheduled])
			if late := record.Queued.Sub(at); err != nil || late < 0 || late > time.Second || record.Status != history.StatusSucceeded || record.Job != "small_job" {
				t.Errorf("run %+v is late by %s, %v", record, late, err)
			}
		}
		status := p.status(automation.KindSchedule, "often")
		if !status.Ticking || status.Next.Format(time.RFC3339) != "2000-01-01T07:00:00+05:45" || status.Tick == nil || status.Tick.Status != automation.TickRequested {
			t.Errorf("the status is %+v", status)
		}
	})
}

func TestMissedTicks(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		option automation.Option
		want   []string
	}{
		"of a schedule that catches up with none are left out":              {automation.CatchUpNone(), []string{"02:00", "10:00"}},
		"of a schedule that catches up with the latest are one":             {automation.CatchUpLatest(), []string{"02:00", "09:00", "10:00"}},
		"of a schedule that catches up with all come in their order":        {automation.CatchUpAll(100), []string{"02:00", "03:00", "04:00", "05:00", "06:00", "07:00", "08:00", "09:00", "10:00"}},
		"of a schedule that catches up with two of all are the last of all": {automation.CatchUpAll(2), []string{"02:00", "08:00", "09:00", "10:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var loaded tables
				p := newProgram(t, &loaded, nil, automation.NewSchedule("hourly", "0 2-23 * * *", "small_job", row.option))
				p.runFor(2*time.Hour+10*time.Minute, nil)
				time.Sleep(7 * time.Hour) // without a daemon
				p.runFor(time.Hour, nil)
				var got []string
				for _, at := range scheduled(p, "hourly") {
					got = append(got, at[len("2000-01-01T"):len("2000-01-01T00:00")])
				}
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestARestartWithinAMinuteMissesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		p := newProgram(t, &loaded, nil, automation.NewSchedule("hourly", "0 * * * *", "small_job", automation.CatchUpNone()))
		p.runFor(59*time.Minute+40*time.Second, nil)
		time.Sleep(50 * time.Second)
		p.runFor(time.Second, nil)
		if diff := cmp.Diff([]string{"2000-01-01T01:00:00Z"}, scheduled(p, "hourly")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnEditedScheduleBeginsWithTheEdit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		p := newProgram(t, &loaded, nil, automation.NewSchedule("daily", "0 6 * * *", "small_job", automation.CatchUpAll(100)))
		p.runFor(10*time.Hour, nil)
		edited := newProgram(t, &loaded, nil, automation.NewSchedule("daily", "0 8 * * *", "small_job", automation.CatchUpAll(100)))
		edited.store, edited.locks = p.store, p.locks
		edited.runFor(24*time.Hour, nil)
		if diff := cmp.Diff([]string{"2000-01-01T06:00:00Z", "2000-01-02T08:00:00Z"}, scheduled(p, "daily")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAScheduleThatIsTurnedOffAndOn(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		catchUp bool
		want    []string
	}{
		"goes on from then":              {false, []string{"01:00", "06:00"}},
		"catches up if somebody asks it": {true, []string{"01:00", "02:00", "03:00", "04:00", "05:00", "06:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var loaded tables
				p := newProgram(t, &loaded, nil, automation.NewSchedule("hourly", "0 * * * *", "small_job", automation.CatchUpAll(100)))
				launcher := p.newLauncher()
				stop := p.start(p.daemon(launcher, nil))
				time.Sleep(90 * time.Minute)
				for _, step := range []struct {
					on    bool
					after time.Duration
				}{{false, 4 * time.Hour}, {true, time.Hour}} {
					if err := p.control().Switch(t.Context(), automation.KindSchedule, "hourly", step.on, automation.SwitchOptions{CatchUp: row.catchUp}); err != nil {
						t.Fatal(err)
					}
					if status := p.status(automation.KindSchedule, "hourly"); status.Ticking != step.on {
						t.Errorf("it is on: %t", status.Ticking)
					}
					time.Sleep(step.after)
				}
				stop()
				p.close(launcher)
				var got []string
				for _, at := range scheduled(p, "hourly") {
					got = append(got, at[len("2000-01-01T"):len("2000-01-01T00:00")])
				}
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestAClockThatIsSet(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		by   time.Duration
		want []string // by the clock
	}{
		// After 02:30 the clock shows 00:30 again: what was done is not done again.
		"back repeats no tick": {-2 * time.Hour, []string{"01T01:00", "01T02:00", "01T03:00"}},
		// After 02:30 the clock shows 02:30 of the next day: one tick makes up for the day.
		"ahead by a day makes up as after a pause": {24 * time.Hour, []string{"01T01:00", "01T02:00", "02T02:00", "02T03:00", "02T04:00", "02T05:00"}},
		// A machine that slept for an hour shows the same to a process.
		"ahead by an hour, as after a sleep": {time.Hour, []string{"01T01:00", "01T02:00", "01T03:00", "01T04:00", "01T05:00", "01T06:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var loaded tables
				p := newProgram(t, &loaded, nil, automation.NewSchedule("hourly", "0 * * * *", "small_job"))
				launcher := p.newLauncher()
				daemon := p.daemon(launcher, nil)
				set := time.Now().Add(150 * time.Minute)
				daemon.SetClock(func() time.Time {
					now := time.Now()
					if now.Before(set) {
						return now
					}
					return now.Add(row.by)
				}, time.Second, 10*time.Second)
				stop := p.start(daemon)
				time.Sleep(5*time.Hour + 40*time.Minute)
				stop()
				p.close(launcher)
				var got []string
				for _, at := range scheduled(p, "hourly") {
					got = append(got, at[len("2000-01-"):len("2000-01-01T00:00")])
				}
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestAYearOfTicksOfAHundredSchedules(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		var definitions []automation.Definition
		for i := range 100 {
			name := "daily" + string(rune('a'+i/26)) + string(rune('a'+i%26))
			definitions = append(definitions, automation.NewSchedule(name, "30 2 * * *", "small_job", automation.InZone([]string{"America/New_York", "Australia/Lord_Howe"}[i%2])))
		}
		p := newProgram(t, &loaded, nil, definitions...)
		launcher := p.newLauncher()
		daemon := p.daemon(launcher, func(config *automation.DaemonConfig) { config.MaxRuns = -1 })
		daemon.SetClock(time.Now, time.Hour, time.Hour)
		stop := p.start(daemon)
		time.Sleep(366 * 24 * time.Hour)
		stop()
		p.close(launcher)
		found, err := p.store.Runs(context.Background(), history.RunQuery{OmitSteps: true})
		if err != nil || len(found) != 100*366 {
			t.Errorf("%d runs, %v", len(found), err)
		}
	})
}

func TestSchedulesThatAreDueAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		var definitions []automation.Definition
		for i := range 250 {
			definitions = append(definitions, automation.NewSchedule(fmt.Sprint("s", i), "*/5 * * * *", "small_job", automation.Tag("number", fmt.Sprint(i%10))))
		}
		p := newProgram(t, &loaded, nil, definitions...)
		p.runFor(5*time.Minute+time.Second, nil)
		time.Sleep(30 * time.Minute)
		p.runFor(5*time.Minute, nil) // one tick makes up for those that were missed
		for i := range 250 {
			if got := scheduled(p, fmt.Sprint("s", i)); len(got) != 3 {
				t.Fatalf("schedule %d ticked at %v", i, got)
			}
		}
		if made := p.runs(map[string]string{"number": "3"}); len(made) != 75 {
			t.Errorf("%d runs have the tag", len(made))
		}
	})
}

func TestOldTicksAreRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		p := newProgram(t, &loaded, nil,
			automation.NewSchedule("daily", "@daily", "small_job"),
			automation.NewSensor("quiet", func(tick *automation.Tick) { tick.Skip("nothing") }, automation.Every(time.Hour)))
		launcher := p.newLauncher()
		daemon := p.daemon(launcher, func(config *automation.DaemonConfig) { config.MaxRuns = -1 })
		daemon.SetClock(time.Now, time.Hour, time.Hour)
		stop := p.start(daemon)
		time.Sleep(120 * 24 * time.Hour)
		stop()
		p.close(launcher)
		if got := len(p.ticks(automation.KindSchedule, "daily")); got < 90 || got > 92 {
			t.Errorf("%d ticks of the schedule are left", got)
		}
		if got := len(p.ticks(automation.KindSensor, "quiet")); got < 7*24-20 || got > 8*24+20 {
			t.Errorf("%d ticks of the sensor are left", got)
		}
		if got := scheduled(p, "daily"); len(got) < 119 || len(got) > 120 {
			t.Errorf("%d runs were made", len(got))
		}
	})
}

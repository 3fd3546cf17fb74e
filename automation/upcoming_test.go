package automation_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/automation"
)

func TestTheControlForetellsTheTicksOfSchedules(t *testing.T) {
	t.Parallel()
	p := newProgram(t, new(tables), nil,
		automation.NewSchedule("hourly", "0 * * * *", "small_job"),
		automation.NewSchedule("at_noon", "0 12 * * *", "small_job"),
		automation.NewSchedule("never_on", "* * * * *", "small_job", automation.OffByDefault()),
		automation.NewSensor("sensor", func() {}, automation.For("small_job")))
	defer p.close(p.launcher)
	now := time.Date(2030, 5, 1, 9, 30, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		until time.Time
		each  int
		want  []string
	}{
		"two of each":                {each: 2, want: []string{"hourly 10", "hourly 11", "at_noon 12", "at_noon 12"}},
		"those until noon":           {until: now.Add(2*time.Hour + 30*time.Minute), each: 9, want: []string{"hourly 10", "hourly 11", "at_noon 12", "hourly 12"}},
		"none of a moment":           {until: now.Add(time.Minute), each: 9, want: []string{}},
		"none if none are asked for": {each: 0, want: []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := p.control().Upcoming(t.Context(), now, test.until, test.each)
			if err != nil {
				t.Fatal(err)
			}
			told := []string{}
			for _, one := range got {
				told = append(told, one.Name+" "+one.At.UTC().Format("15"))
			}
			if diff := cmp.Diff(test.want, told); diff != "" {
				t.Errorf("the ticks differ (-want +got):\n%s", diff)
			}
		})
	}
}

package sqlhistory_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
)

// The clocks of those who launch runs differ, and are set. The runs of a time are few or many.
func TestRunsOfATimeAreFoundAmongThousands(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir())
	random := rand.New(rand.NewPCG(1, 2))
	moment := func(n int) time.Time {
		return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(n) * time.Second)
	}
	type launched struct {
		id, job, team string
		at            int
	}
	var all []launched
	var events []history.Event
	const count = sqlhistory.FewRuns + 500
	for n := range count {
		one := launched{fmt.Sprintf("r%d", n), fmt.Sprintf("job %d", random.IntN(3)), fmt.Sprint(random.IntN(2)), n}
		switch random.IntN(100) {
		case 0:
			one.at = random.IntN(count)
		case 1, 2, 3:
			one.at -= random.IntN(20)
		}
		all = append(all, one)
		events = append(events, history.Event{RunID: one.id, Time: moment(one.at), Data: history.RunQueued{Job: one.job, Tags: map[string]string{"team": one.team}}})
	}
	if _, err := store.Append(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	for range 150 {
		from, to := random.IntN(count), count+1
		if random.IntN(4) > 0 {
			to = from + random.IntN(1+random.IntN(300))
		}
		query := history.RunQuery{QueuedFrom: moment(from), QueuedBefore: moment(to), Limit: 1 + random.IntN(60), OmitSteps: true}
		switch random.IntN(6) {
		case 0:
			from, query.QueuedFrom = -count, time.Time{}
		case 1:
			to, query.QueuedBefore = 2*count, time.Time{}
		}
		before := count
		if random.IntN(3) == 0 {
			before = random.IntN(count)
			query.Before = all[before].id
		}
		if random.IntN(3) == 0 {
			query.Job = fmt.Sprintf("job %d", random.IntN(3))
		}
		if random.IntN(3) == 0 {
			query.Tags = map[string]string{"team": fmt.Sprint(random.IntN(2))}
		}
		var want []string
		for _, one := range slices.Backward(all[:before]) {
			if one.at >= from && one.at < to && (query.Job == "" || query.Job == one.job) && (query.Tags == nil || query.Tags["team"] == one.team) && len(want) < query.Limit {
				want = append(want, one.id)
			}
		}
		found, err := store.Runs(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, record := range found {
			got = append(got, record.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("runs of %+v differ (-want +got):\n%s", query, diff)
		}
	}
}

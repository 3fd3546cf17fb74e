package history_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
)

// anyEvent is an event that often fits to a run of these steps, and often not.
func anyEvent(random *rand.Rand, steps []string) history.EventData {
	step := steps[random.IntN(len(steps))]
	if random.IntN(50) == 0 {
		step = "no such step"
	}
	attempt := random.IntN(4) // often the one that is under way, or not known
	switch random.IntN(40) {
	case 0:
		return history.RunCancelRequested{}
	case 1:
		return history.RunStarted{}
	case 2:
		return history.LogWritten{Message: "x", Step: step}
	case 3:
		return history.StepSkipped{Step: step, Because: "so"}
	case 5:
		return history.RunAdopted{Owner: step}
	case 4:
		return history.StepCancelled{Step: step, Attempt: attempt, Duration: 3}
	}
	switch random.IntN(5) {
	case 0, 1:
		return history.StepStarted{Step: step, Attempt: 1 + random.IntN(2)}
	case 2:
		return history.AssetMaterialized{Asset: step, Step: step, Attempt: attempt}
	case 3:
		return history.StepSucceeded{Step: step, Attempt: attempt, Duration: 5}
	default:
		return history.StepFailed{Step: step, Attempt: 1, Error: history.Failure{Message: "refused"}, Retry: random.IntN(2) == 0}
	}
}

func TestFoldGivesTheRecordsOfApply(t *testing.T) {
	t.Parallel()
	for _, count := range []int{1, 3, 40} {
		t.Run(fmt.Sprintf("of a run of %d steps", count), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, uint64(count)))
			steps := make([]string, count)
			for i := range steps {
				steps[i] = fmt.Sprintf("step %d", i)
			}
			var want history.Record
			fold := new(history.Fold)
			add := func(n int, data history.EventData) {
				event := history.Event{RunID: "r1", Time: at(0).Add(time.Duration(n) * time.Second), Data: data}
				wantErr, err := want.Apply(event), fold.Apply(event)
				if fmt.Sprint(wantErr) != fmt.Sprint(err) {
					t.Fatalf("%+v gave the error %v, want %v", event, err, wantErr)
				}
				if diff := cmp.Diff(want, fold.Record()); diff != "" {
					t.Fatalf("after %+v the record differs (-want +got):\n%s", event, diff)
				}
			}
			for n, data := range up(steps...) {
				add(n, data)
			}
			for n := range 400 {
				if n == 200 { // as a store does that has read the run
					fold = history.NewFold(want.Clone())
				}
				add(n, anyEvent(random, steps))
			}
			add(400, history.RunFinished{Status: history.StatusFailed})
			add(401, history.LogWritten{Message: "late"})
			add(402, history.StepStarted{Step: steps[0], Attempt: 1})
			for _, key := range append(steps, "no such step") {
				wantStep, wantOK := want.Step(key)
				step, ok := fold.Step(key)
				if step != wantStep || ok != wantOK {
					t.Errorf("step %s is %+v, %t, want %+v, %t", key, step, ok, wantStep, wantOK)
				}
			}
		})
	}
}

// If a fold looked at every step for each event, this would take minutes.
func TestFoldOfManySteps(t *testing.T) {
	t.Parallel()
	const count = 200_000
	steps := make([]string, count)
	for i := range steps {
		steps[i] = fmt.Sprintf("step %d", i)
	}
	var fold history.Fold
	add := func(data history.EventData) {
		if err := fold.Apply(history.Event{RunID: "r1", Time: at(0), Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	for _, data := range up(steps...) {
		add(data)
	}
	began := time.Now()
	for _, step := range steps {
		add(history.StepStarted{Step: step, Attempt: 1})
		add(history.AssetMaterialized{Asset: step, Step: step})
		add(history.StepSucceeded{Step: step})
		if took := time.Since(began); took > time.Minute {
			t.Fatalf("%d of %d events took %s", fold.Record().Seq, 3*count, took)
		}
	}
	add(history.RunFinished{Status: history.StatusSucceeded})
}

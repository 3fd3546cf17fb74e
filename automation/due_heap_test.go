package automation_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fxrun/fxrun/automation"
)

func TestTheHeapOfADaemonGivesTheUnitThatIsDueFirst(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const units = 20
	heap, times := automation.NewDueHeap(units), make(map[int]time.Duration)
	first := func() (at time.Duration, ok bool) {
		for _, one := range times {
			if !ok || one < at {
				at, ok = one, true
			}
		}
		return at, ok
	}
	for step := range 100_000 {
		unit, now := random.IntN(units), time.Duration(random.IntN(50))
		switch random.IntN(4) {
		case 0, 1:
			heap.Set(unit, now)
			times[unit] = now
		case 2:
			heap.Remove(unit)
			delete(times, unit)
		default:
			want, any := first()
			taken, ok := heap.Take(now)
			if ok != (any && want <= now) || ok && times[taken] != want {
				t.Fatalf("step %d: at %d it gives unit %d (%t), and the times are %v", step, now, taken, ok, times)
			}
			if ok {
				delete(times, taken)
			}
		}
		want, any := first()
		if at, ok := heap.Next(); ok != any || at != want {
			t.Fatalf("step %d: the first one is due at %d (%t), and the times are %v", step, at, ok, times)
		}
		if got := heap.Entries(); got > 2*len(times)+1 {
			t.Fatalf("step %d: it has %d entries for %d units", step, got, len(times))
		}
	}
}

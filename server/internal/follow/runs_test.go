package follow_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/server/internal/follow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counting returns runs whose readers send the numbers after from as they are asked for, and
// end after last.
func counting(next <-chan int64, last int64) *follow.Runs[int64] {
	return follow.New(slog.New(slog.DiscardHandler), func(ctx context.Context, _ string, _ int64, send func(int64, int64)) error {
		for {
			select {
			case n := <-next:
				if send(n, n); n == last {
					return nil
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
}

func TestAFollowerThatIsTooSlowIsDroppedAndOthersMissNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		next := make(chan int64)
		runs := counting(next, 40)
		defer runs.Close()
		slow, _, leaveSlow := runs.Join("run", 0)
		defer leaveSlow()
		fast, _, leaveFast := runs.Join("run", 0)
		defer leaveFast()
		var got []int64
		var reached int64
		dropped := false
		for n := int64(1); n <= 40; n++ {
			next <- n
			got = append(got, <-fast)
			if n == 30 { // now the slow one reads what waits for it
				reached, dropped = readAll(t, slow)
			}
		}
		for i, n := range got {
			if n != int64(i+1) {
				t.Fatalf("message %d is %d", i, n)
			}
		}
		if _, open := <-fast; open {
			t.Error("the follower gets messages after the end of the run")
		}
		if reached == 0 || reached >= 30 || !dropped {
			t.Errorf("the slow follower has read up to message %d of 30, dropped: %t", reached, dropped)
		}
	})
}

// readAll reads what waits for a follower, which must have no gaps.
func readAll(t *testing.T, messages <-chan int64) (reached int64, closed bool) {
	t.Helper()
	for {
		select {
		case n, open := <-messages:
			if !open {
				return reached, true
			}
			if n != reached+1 {
				t.Errorf("after message %d comes %d", reached, n)
			}
			reached = n
		default:
			return reached, false
		}
	}
}

func TestAFollowerThatJoinsLaterKnowsWhereItBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		next := make(chan int64)
		runs := counting(next, 0)
		first, begun, leaveFirst := runs.Join("run", 5)
		next <- 6
		<-first
		second, reached, leaveSecond := runs.Join("run", 5)
		if begun != 5 || reached != 6 {
			t.Errorf("they begin after %d and %d", begun, reached)
		}
		next <- 7
		if n := <-second; n != 7 {
			t.Errorf("the second one gets %d", n)
		}
		leaveFirst()
		leaveSecond()
		synctest.Wait()
		select {
		case next <- 8:
			t.Error("the run is read although nobody follows it")
		default:
		}
		runs.Close()
		late, _, leave := runs.Join("run", 0)
		defer leave()
		if _, open := <-late; open {
			t.Error("somebody follows after Close")
		}
	})
}

func TestTheEndOfAReaderEndsItsFollowers(t *testing.T) {
	t.Parallel()
	runs := follow.New(slog.New(slog.DiscardHandler), func(context.Context, string, int64, func(int64, int64)) error {
		return errors.New("the history is away")
	})
	defer runs.Close()
	messages, _, leave := runs.Join("run", 0)
	defer leave()
	if _, open := <-messages; open {
		t.Error("there is a message")
	}
}

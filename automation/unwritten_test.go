package automation_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
)

// full is a history that cannot be written for some time.
type full struct {
	*history.MemoryStore
	isFull *atomic.Bool
}

func (f full) AppendEntries(ctx context.Context, entries ...history.Entry) ([]history.Entry, error) {
	if f.isFull.Load() {
		return nil, errors.New("the disk is full")
	}
	return f.MemoryStore.AppendEntries(ctx, entries...)
}

func TestATickThatIsRecordedLateIsRecordedWhenTheHistoryWorksAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t, new(tables), nil,
			automation.NewSensor("first", func() {}, automation.Every(30*time.Minute), automation.Jitter(0)),
			automation.NewSensor("second", func() {}, automation.Every(30*time.Minute), automation.Jitter(0)))
		isFull := new(atomic.Bool)
		p.store = full{history.NewMemoryStore(), isFull}
		launcher := p.newLauncher()
		var ticked atomic.Int32
		stop := p.start(p.daemon(launcher, func(config *automation.DaemonConfig) {
			config.Ticked = func(automation.Kind, string, automation.TickStatus) { isFull.Store(true); ticked.Add(1) }
		}))
		time.Sleep(20 * time.Second)
		synctest.Wait()
		for _, name := range []string{"first", "second"} {
			if ticks := p.ticks(automation.KindSensor, name); ticked.Load() != 2 || len(ticks) != 0 {
				t.Errorf("there were %d ticks, and the full history has %d of %s", ticked.Load(), len(ticks), name)
			}
		}
		isFull.Store(false)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		for _, name := range []string{"first", "second"} {
			if ticks := p.ticks(automation.KindSensor, name); len(ticks) != 1 || ticks[0].Status != automation.TickSkipped {
				t.Errorf("%s has the ticks %v", name, ticks)
			}
		}
		stop()
		p.close(launcher)
		p.close(p.launcher)
	})
}

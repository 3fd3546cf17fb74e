package automation_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

func TestTheControlKnowsWhichDaemonTicks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t, new(tables), nil, automation.NewSensor("idle", func() {}, automation.For("small_job")))
		defer p.close(p.launcher)
		ticker := func(launcher *runs.Launcher) automation.Ticker {
			t.Helper()
			ticker, err := p.control().Ticker(t.Context(), launcher)
			if err != nil {
				t.Fatal(err)
			}
			return ticker
		}
		if got := ticker(p.launcher); got != (automation.Ticker{}) || got.String() != "nobody" {
			t.Errorf("before the first daemon: %+v", got)
		}
		other := p.newLauncher()
		defer p.close(other)
		stop := p.start(p.daemon(other, nil))
		defer stop()
		synctest.Wait()
		stopWaiting := p.start(p.daemon(p.launcher, nil))
		defer stopWaiting()
		synctest.Wait()
		began := time.Now().UTC()
		got := ticker(p.launcher)
		if host, _ := os.Hostname(); !got.Ticking || got.Here || got.Host != host || got.Process != os.Getpid() || !got.Since.Equal(began) {
			t.Errorf("while another daemon ticks: %+v", got)
		}
		if got := ticker(other); !got.Here || got.String() != "this process" {
			t.Errorf("asked by the daemon that ticks: %+v", got)
		}
		stop()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := ticker(p.launcher); !got.Here || !got.Since.After(began) {
			t.Errorf("after the daemon that waited has taken over: %+v", got)
		}
		stopWaiting()
		if got := ticker(p.launcher); got.Ticking {
			t.Errorf("after the last daemon: %+v", got)
		}
	})
}

type deafLocks struct{ locks.Locker }

func (deafLocks) Held(context.Context, string) (bool, error) { return false, errors.New("no answer") }

func TestTheControlDoesNotGuessWhoTicks(t *testing.T) {
	t.Parallel()
	p := newProgram(t, new(tables), nil)
	p.locks = deafLocks{p.locks}
	launcher := p.newLauncher()
	if got, err := p.control().Ticker(t.Context(), launcher); err == nil || got.Ticking {
		t.Errorf("got %+v, %v", got, err)
	}
	p.close(launcher)
	p.close(p.launcher)
}

// stoppedStore ends a context when it is written to, as a signal may at any time.
type stoppedStore struct {
	*history.MemoryStore
	stop context.CancelFunc
}

func (s stoppedStore) AppendEntries(ctx context.Context, _ ...history.Entry) ([]history.Entry, error) {
	s.stop()
	return nil, ctx.Err()
}

func TestADaemonThatIsStoppedBeforeItTicksEndsWithoutAnError(t *testing.T) {
	t.Parallel()
	p := newProgram(t, new(tables), nil)
	defer p.close(p.launcher)
	ctx, cancel := context.WithCancel(t.Context())
	p.store = stoppedStore{history.NewMemoryStore(), cancel}
	launcher := p.newLauncher()
	defer p.close(launcher)
	if err := p.daemon(launcher, nil).Run(ctx); err != nil {
		t.Error(err)
	}
}

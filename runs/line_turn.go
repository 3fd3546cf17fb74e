package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
)

// serveAll serves the line once.
func (l *line) serveAll() {
	err := panics.Guard(func() error { return l.serveOnce(context.Background()) })
	switch {
	case err == nil:
		l.failing = time.Time{}
	case l.failing.IsZero():
		l.failing = time.Now()
		if !errors.Is(err, ErrClosed) {
			l.launcher.warn("queued runs could not be looked for", "error", err)
		}
	case time.Since(l.failing) > lookPatience:
		l.giveUp(fmt.Errorf("waiting for a place: queued runs could not be looked for: %w", err))
	}
}

// lookPatience is how long runs wait while the history cannot be read. It may be damaged.
const lookPatience = 30 * time.Second

// giveUp ends the runs of this launcher that wait.
func (l *line) giveUp(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.waiting {
		if run, ok := l.launcher.Active(id); ok {
			run.cancel(cause)
		}
	}
}

func (l *line) serveOnce(ctx context.Context) error {
	if !l.isDue() {
		return nil
	}
	fresh, err := l.readList(ctx)
	if err != nil {
		return err
	}
	turn := newTurn(l)
	left := l.list[:0:0]
	defer func() { l.list = left }()
	for i, record := range l.list {
		if l.isFull() {
			turn.left, left = true, append(left, l.list[i:]...)
			break
		}
		taken, err := l.serveOne(ctx, turn, record)
		if err != nil {
			left = append(left, l.list[i:]...)
			return err
		}
		if !taken {
			left = append(left, record)
		}
	}
	if fresh {
		l.release(turn)
	}
	return nil
}

// isFull reports whether no run can begin here now, whatever limits there are.
func (l *line) isFull() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting) == 0 && !slices.ContainsFunc(l.workers, (*taker).isFree)
}

// isDue reports whether somebody could begin now.
func (l *line) isDue() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.waiting {
		if !time.Now().Before(w.notBefore) {
			return true
		}
	}
	return len(l.workers) > 0
}

// serveOne lets one run begin if there is a place for it, and if this launcher executes
// it. It reports whether the run waits no more.
func (l *line) serveOne(ctx context.Context, turn *turn, record history.Record) (taken bool, err error) {
	l.mu.Lock()
	w, claimed := l.waiting[record.ID], l.claimed[record.ID]
	l.mu.Unlock()
	if w != nil {
		return l.admit(ctx, turn, record.ID, w)
	}
	takeable := turn.isTakeable(ctx, record)
	if takeable && !claimed {
		turn.left = true
		if taken, err := l.take(ctx, turn, record); taken || err != nil {
			return taken, err
		}
	}
	if takeable && !claimed || turn.livenessOf(ctx, record.Owner) == LivenessRunning {
		turn.ahead = append(turn.ahead, ahead{record.ID, l.launcher.config.Limits.ofRun(record.Tags)})
	}
	return false, nil
}

// admit lets a run of this launcher begin if there is a place for it.
func (l *line) admit(ctx context.Context, turn *turn, id string, w *waiter) (admitted bool, err error) {
	if time.Now().Before(w.notBefore) {
		return false, nil
	}
	given, err := turn.places(ctx, w.limits)
	if err != nil || given == nil {
		return false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[id] != w {
		return true, given.release() // it has ended meanwhile
	}
	delete(l.waiting, id)
	w.given <- given
	return true, nil
}

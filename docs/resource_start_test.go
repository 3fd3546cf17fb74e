package docs_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/container/containertest"
)

// Line is a connection to a station. The line may be busy.
type Line struct{ dialled int }

// dialled counts the calls of the constructor.
var dialled int

func NewLine(lc fx.Lifecycle) *Line {
	line := &Line{}
	lc.Append(fx.StartHook(line.dial))
	return line
}

func (l *Line) dial(context.Context) error {
	if dialled++; dialled < 3 {
		return errors.New("the line is busy")
	}
	l.dialled = dialled
	return nil
}

// line may start four times: once, and three more times after an error. Before
// each further attempt it waits, twice as long as before.
var line = container.Provide("line", NewLine,
	container.StartRetry(3, backoff.Jittered(backoff.Exponential(time.Second, time.Minute))),
	container.StartTimeout(30*time.Second), // for each attempt
	container.StopTimeout(5*time.Second),
)

func TestLineIsDialledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		started := containertest.Start[*Line](t, line)
		if waited := time.Since(begin); started.dialled != 3 || waited < time.Second+500*time.Millisecond || waited > 3*time.Second {
			t.Errorf("dialled %d times in %s", started.dialled, waited)
		}
	})
}

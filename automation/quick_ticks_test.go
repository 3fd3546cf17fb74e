package automation_test

import (
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxrun/fxrun/automation"
)

// TestAQuickSensorThatFailsIsRecordedAsSuchOnce has sensors that are due at the same moments, so
// that they tick one after another in one goroutine.
func TestAQuickSensorThatFailsIsRecordedAsSuchOnce(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fails func()
		want  string
	}{
		"by the end of its goroutine": {runtime.Goexit, "it ended its goroutine without returning"},
		"by a panic":                  {func() { panic("ouch") }, "ouch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const count, every = 10, 100 * time.Second
				var ticks [count]atomic.Int32
				var definitions []automation.Definition
				for i := range count {
					definitions = append(definitions, automation.NewSensor(fmt.Sprint("s", i), func(logger *slog.Logger) {
						if ticks[i].Add(1) == 4 && i%3 == 1 {
							logger.Info("now it fails")
							row.fails()
						}
					}, automation.Every(every), automation.Jitter(0)))
				}
				p := newProgram(t, new(tables), nil, definitions...)
				p.runFor(8*every, nil)
				p.close(p.launcher)
				for i := range ticks {
					var failed, skipped int
					for _, tick := range p.ticks(automation.KindSensor, fmt.Sprint("s", i)) {
						switch {
						case tick.Status != automation.TickFailed:
							skipped += tick.Count
						case !strings.Contains(tick.Error.Message, row.want) || !strings.Contains(tick.Error.Message, fmt.Sprint("evaluating sensor s", i)):
							t.Errorf("sensor %d has failed with %s", i, tick.Error.Message)
						case len(tick.Log) != 1:
							t.Errorf("sensor %d has the lines %s", i, tick.Log)
						default:
							failed++
						}
					}
					if want := map[bool]int{true: 1}[i%3 == 1]; failed != want || failed+skipped != int(ticks[i].Load()) || skipped < 6 {
						t.Errorf("sensor %d has %d ticks that have failed and %d others, and was called %d times", i, failed, skipped, ticks[i].Load())
					}
				}
				if text := p.logged(); strings.Contains(text, "level=WARN") {
					t.Errorf("it has warned: %s", text)
				}
			})
		})
	}
}

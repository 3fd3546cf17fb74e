package fxruntest

import (
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/automation"
)

// Schedule evaluates one tick of a schedule, with real or faked resources, and checks the
// runs that it asks for. It launches nothing. Every fault ends the test. opts are as for
// [Materialize], the schedule among them. The zero Occasion is the first tick, now.
func Schedule(t testing.TB, name string, occasion automation.Occasion, opts ...fx.Option) automation.Preview {
	t.Helper()
	return tick(t, automation.KindSchedule, name, occasion, opts)
}

// Sensor evaluates one tick of a sensor as [Schedule] does. The Occasion has the cursor that
// the sensor finds, and for one that ticks for events the event and its run.
func Sensor(t testing.TB, name string, occasion automation.Occasion, opts ...fx.Option) automation.Preview {
	t.Helper()
	return tick(t, automation.KindSensor, name, occasion, opts)
}

func tick(t testing.TB, kind automation.Kind, name string, occasion automation.Occasion, opts []fx.Option) automation.Preview {
	t.Helper()
	preview, err := TryTick(t, kind, name, occasion, opts...)
	if err != nil {
		t.Fatalf("a tick of %s %s: %v", kind, name, err)
	}
	return preview
}

// TryTick is [Schedule] or [Sensor], and returns the error of the tick: that of its
// function, or what is wrong with the requests. It is for tests of failures.
func TryTick(t testing.TB, kind automation.Kind, name string, occasion automation.Occasion, opts ...fx.Option) (automation.Preview, error) {
	t.Helper()
	h, err := newHost(t, opts)
	if err != nil {
		return automation.Preview{}, err
	}
	control, err := automation.NewControl(h.Automations, h.Launcher.Store())
	if err != nil {
		return automation.Preview{}, err
	}
	return control.Preview(t.Context(), h.Launcher, kind, name, occasion)
}

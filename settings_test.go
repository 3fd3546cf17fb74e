package fxrun_test

import (
	"errors"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

func TestASettingInAFormThatHasNoEffectIsRefused(t *testing.T) {
	t.Parallel()
	level := fxrun.LogLevel(-4)
	for name, test := range map[string]struct {
		option fx.Option
		want   string
	}{
		"limits as a value":             {fx.Supply(runs.Limits{Runs: 1}), "it provides a runs.Limits, which has no effect: provide a *runs.Limits"},
		"a retention as a pointer":      {fx.Supply(&runs.Retention{}), "it provides a *runs.Retention, which has no effect: provide a runs.Retention"},
		"an IO manager as a pointer":    {fx.Supply(&fxrun.IO{IOManager: iomanagers.NewMemory()}), "it provides a *fxrun.IO, which has no effect: provide an fxrun.IO"},
		"a log level as a pointer":      {fx.Supply(&level), "it provides a *fxrun.LogLevel, which has no effect: provide an fxrun.LogLevel"},
		"the forms that have an effect": {fx.Supply(&runs.Limits{Runs: 1}, runs.KeepAll, fxrun.IO{IOManager: iomanagers.NewMemory()}, level), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fx.New(fx.NopLogger, fxrun.Module, test.option, fx.Invoke(func(*runs.Launcher) {})).Err()
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			faults, ok := errors.AsType[*container.Faults](err)
			if !ok || faults.Error() != "reading the settings of the application: "+test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

package fxrun

import (
	"errors"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/runs"
)

// otherForms are settings of the application as values where Module takes pointers, and
// the other way round. For Fx these are other types, which nobody would ask for.
type otherForms struct {
	fx.In

	Limits    runs.Limits     `optional:"true"`
	Retention *runs.Retention `optional:"true"`
	IO        *IO             `optional:"true"`
	LogLevel  *LogLevel       `optional:"true"`
}

// check reports the settings that would have no effect.
func (o otherForms) check() error {
	var faults []error
	if o.Limits.Runs != 0 || o.Limits.Tags != nil || o.Limits.Pools != nil {
		faults = append(faults, errors.New("it provides a runs.Limits, which has no effect: provide a *runs.Limits"))
	}
	if o.Retention != nil {
		faults = append(faults, errors.New("it provides a *runs.Retention, which has no effect: provide a runs.Retention"))
	}
	if o.IO != nil {
		faults = append(faults, errors.New("it provides a *fxrun.IO, which has no effect: provide an fxrun.IO"))
	}
	if o.LogLevel != nil {
		faults = append(faults, errors.New("it provides a *fxrun.LogLevel, which has no effect: provide an fxrun.LogLevel"))
	}
	return fault.Join("reading the settings of the application", faults)
}

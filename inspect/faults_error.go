package inspect

import (
	"errors"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/fault"
)

// FaultsError makes an error of faults that were sent as JSON. [Faults] gives the same
// faults of it, and it matches container.ErrInvalid. doing is what was being done. It
// returns nil if there are no faults.
func FaultsError(doing string, faults []Fault) error {
	errs := make([]error, len(faults))
	for i, told := range faults {
		errs[i] = errors.New(told.Message)
		if told.Path != "" {
			errs[i] = &faultError{told}
		}
	}
	return fault.Join(doing, errs)
}

// faultError is a fault of a field.
type faultError struct{ Fault }

func (f *faultError) Error() string { return f.Message }

// As gives the place of the fault.
func (f *faultError) As(target any) bool {
	field, ok := target.(**container.FieldError)
	if ok {
		*field = &container.FieldError{Path: f.Path, Line: f.Line, Column: f.Column, Value: f.Value, Message: f.Message}
	}
	return ok
}

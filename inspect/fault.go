package inspect

import (
	"errors"

	"github.com/fxrun/fxrun/container"
)

// Fault is one of the things that are wrong with definitions or with a launch.
type Fault struct {
	// Message says what is wrong, and where.
	Message string `json:"message"`
	// Path is where in a run config it is, as in
	// "resources.mail.config.accounts[1].password"; "" for what is no fault of a
	// config.
	Path string `json:"path,omitempty"`
	// Line and Column say where the value stands in its YAML; 0 where it was not
	// read from any.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Value is what was given there; "" where it may be a secret, and where it is
	// no single value.
	Value string `json:"value,omitempty"`
}

// Faults returns the faults of an error that lists several. It returns none,
// but not nil, for an error of another kind.
func Faults(err error) []Fault {
	told := []Fault{}
	var faults *container.Faults
	if !errors.As(err, &faults) {
		return told
	}
	for _, err := range faults.Errs {
		fault := Fault{Message: err.Error()}
		var field *container.FieldError
		if errors.As(err, &field) {
			fault.Path, fault.Line, fault.Column, fault.Value = field.Path, field.Line, field.Column, field.Value
		}
		told = append(told, fault)
	}
	return told
}

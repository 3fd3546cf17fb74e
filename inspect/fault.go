package inspect

import (
	"errors"

	"github.com/fxrun/fxrun/container"
)

// Fault is one of the things that are wrong with definitions or with a launch.
type Fault struct {
	// Message says what is wrong, and where.
	Message string `json:"message"`
	// Path is the place of the fault in a run config, such as
	// "resources.mail.config.accounts[1].password". It is "" for a fault that is
	// not in a run config.
	Path string `json:"path,omitempty"`
	// Line and Column say where the value is in its YAML text. They are 0 if the
	// value was not read from YAML.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Value is the value that was given. It is "" if the value may be a secret, and
	// if it is not a single value.
	Value string `json:"value,omitempty"`
}

// Faults returns the faults of an error that lists several faults. For another
// error it returns an empty list, which is not nil.
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

package resource

import (
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/host"
)

// Gathered gathers definitions for New.
type Gathered struct {
	Resources []*Declaration
	Host      []host.Value
}

type hostValues struct {
	fx.Option
	values []host.Value
}

func (h hostValues) define(b *Gathered) { b.Host = append(b.Host, h.values...) }

// FromHost is the definition of values that a host application has for its
// children. Package fxrun makes it; programs have no need to.
func FromHost(values []host.Value) Definition {
	return hostValues{Option: fx.Options(), values: values}
}

// Gather takes definitions apart; nil ones are left out.
func Gather(definitions []Definition) (*Gathered, []error) {
	b := new(Gathered)
	var faults []error
	for _, definition := range definitions {
		resource, ok := definition.(Resource)
		switch {
		case definition == nil:
		case ok && resource.declaration == nil:
			faults = append(faults, fault.Errorf("one of the definitions is the zero Resource: container.Provide and container.Supply make resources"))
		default:
			definition.define(b)
		}
	}
	return b, faults
}

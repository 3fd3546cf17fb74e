package resource

import (
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/host"
)

// Gathered gathers definitions for New.
type Gathered struct {
	Resources []*Declaration
	Host      *Host // nil outside a host application
}

// Host has the values of a host application for its child containers. Package
// fxrun makes it, and programs do not need it. It is a Definition.
type Host struct {
	fx.Option
	Found []host.Found // what was found for each definition, in the place of the definition
	Root  []host.Value // what was found outside all modules of the application
}

func (h *Host) define(b *Gathered) { b.Host = h }

// FromHost returns the definition of what a host application has for its child
// containers.
func FromHost(found []host.Found, root ...host.Value) *Host {
	return &Host{Option: fx.Options(), Found: found, Root: root}
}

// Gather sorts definitions by their kind. It leaves out nil definitions.
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

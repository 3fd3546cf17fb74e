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

// Host is what a host application has for its children. Package fxrun makes it;
// programs have no need to. It is a Definition.
type Host struct {
	fx.Option
	Found []host.Found // where the definitions stand
	Root  []host.Value // what is known of the application's own level
}

func (h *Host) define(b *Gathered) { b.Host = h }

// FromHost is the definition of what a host application has for its children.
func FromHost(found []host.Found, root ...host.Value) *Host {
	return &Host{Option: fx.Options(), Found: found, Root: root}
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

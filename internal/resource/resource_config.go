package resource

import (
	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/signature"
)

// Config gives a resource its config. Package container documents it.
func Config(value any, opts []config.Option) Option {
	return optionFunc(func(d *Declaration) {
		config, faults := config.NewDefinition("container.Config", value, opts)
		d.Faults = append(d.Faults, faults...)
		if d.Config != nil {
			d.Faults = append(d.Faults, fault.Errorf("it has two Config options: give one"))
		}
		d.Config = config
	})
}

// IsConfigOf reports whether a parameter with this key is the given config. It
// returns false if the definition is nil.
func IsConfigOf(definition *config.Definition, key signature.Key) bool {
	if definition == nil {
		return false
	}
	t := definition.Type()
	return t != nil && key == signature.Key{Type: t}
}

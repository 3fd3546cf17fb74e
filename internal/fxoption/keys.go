package fxoption

import (
	"slices"

	"github.com/fxrun/fxrun/internal/signature"
)

// Asks returns what the functions ask for, each key once. It leaves out what
// the options themselves provide outside of modules. It never leaves out a
// group, because others may give further members of it.
func (o *Options) Asks() []signature.Param {
	provided := o.Provided()
	type kind struct {
		signature.Key
		optional, soft bool
	}
	seen := make(map[kind]bool)
	var asks []signature.Param
	for _, function := range o.Functions {
		for _, param := range function.Params {
			ask := kind{param.Key, param.Optional, param.Soft}
			if seen[ask] || param.Group == "" && provided[param.Key] {
				continue
			}
			seen[ask] = true
			asks = append(asks, signature.Param{Key: param.Key, Optional: param.Optional, Soft: param.Soft})
		}
	}
	return asks
}

// AsksFor reports whether a function asks for the key.
func (o *Options) AsksFor(key signature.Key) bool {
	return slices.ContainsFunc(o.Functions, func(f Function) bool {
		return slices.ContainsFunc(f.Params, func(param signature.Param) bool { return param.Key == key })
	})
}

// Provided returns the keys that the options provide outside of modules.
func (o *Options) Provided() map[signature.Key]bool {
	provided := make(map[signature.Key]bool)
	for _, function := range o.Functions {
		if !function.Kind.Provides() || function.Private && function.InModule {
			continue
		}
		for _, result := range function.Results {
			provided[result.Key] = true
		}
	}
	return provided
}

// Decorated returns the keys that fx.Decorate and fx.Replace give outside of
// modules. A decorator in a module has an effect only on functions of this
// module.
func (o *Options) Decorated() map[signature.Key]bool {
	decorated := make(map[signature.Key]bool)
	for _, function := range o.Functions {
		if !function.Kind.Decorates() || function.InModule {
			continue
		}
		for _, result := range function.Results {
			decorated[result.Key] = true
		}
	}
	return decorated
}

// MakesLogger reports whether a function outside of modules makes the logger for
// the events of Fx.
func (o *Options) MakesLogger() bool {
	return slices.ContainsFunc(o.Functions, func(f Function) bool { return f.Kind == Logger && !f.InModule })
}

package resource

import (
	"context"
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/internal/signature"
)

// cleanupTypes are the types of functions that other tools of dependency injection call
// when they stop, if a constructor returns one.
var cleanupTypes = []reflect.Type{
	reflect.TypeFor[func()](),
	reflect.TypeFor[func() error](),
	reflect.TypeFor[func(context.Context)](),
	reflect.TypeFor[func(context.Context) error](),
}

// refuseCleanups refuses a function beside other results, because nothing would call it.
func (d *Declaration) refuseCleanups(results []signature.Result) {
	if len(results) < 2 {
		return
	}
	for _, result := range results {
		if !result.FromStruct() && slices.Contains(cleanupTypes, result.Type) {
			d.fault("its constructor returns a %s beside its value, and nothing calls it: give it to fx.Lifecycle, as in lc.Append(fx.StopHook(stop)), or return it with a type of its own if others ask for it", result.Type)
		}
	}
}

package fxoption

import (
	"reflect"

	"github.com/fxrun/fxrun/internal/signature"
)

// Zero is a value of fx.Supply or fx.Replace that an optional parameter of Fx can't
// tell from none: nil, or the zero value of its type.
type Zero struct {
	Function
	Key   signature.Key
	Value reflect.Value
}

// Zeros returns the zero values that the options hold, but for members of groups,
// which are never optional.
func (o *Options) Zeros() []Zero {
	var zeros []Zero
	for _, function := range o.Functions {
		if function.Kind != Supply && function.Kind != Replace {
			continue
		}
		values, err := function.Call(nil) // a function of Fx, which returns what it was given
		if err != nil {
			continue
		}
		for i, result := range function.Results {
			if result.Group == "" && i < len(values) && values[i].IsZero() {
				zeros = append(zeros, Zero{function, result.Key, values[i]})
			}
		}
	}
	return zeros
}

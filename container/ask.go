package container

import (
	"reflect"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/signature"
)

// ask is one thing that a function gets through a child's Fx graph, where
// fx.Replace and fx.Decorate can reach it.
type ask struct {
	signature.Param
	from  provider      // the result that answers it; without a node where none does
	value reflect.Value // the host application's value, where that answers it
}

// asks are what the inputs of a function get through the Fx graph.
func (c *Container) asks(inputs []input) []ask {
	var asks []ask
	for _, in := range inputs {
		switch in.kind {
		case providerInput:
			asks = append(asks, ask{Param: signature.Param{Key: in.param.Key}, from: in.providers[0]})
		case hostInput:
			asks = append(asks, ask{Param: signature.Param{Key: in.param.Key}, value: in.value})
		case absentInput:
			asks = append(asks, ask{Param: signature.Param{Key: in.param.Key, Optional: true}})
		case groupInput:
			for _, p := range in.providers {
				asks = append(asks, ask{Param: signature.Param{Key: c.canonical(p)}, from: p})
			}
		default:
			// The child's own, which does not come through Fx.
		}
	}
	return asks
}

// paramsOf are the parameters of a function that Fx calls for a child.
func paramsOf(asks []ask) []signature.Param {
	params := []signature.Param{{Key: childStateKey}}
	for _, a := range asks {
		params = append(params, a.Param)
	}
	return params
}

// value answers an ask in a child whose resources have been built.
func (s *childState) value(a ask) reflect.Value {
	switch {
	case a.value.IsValid():
		return a.value
	case a.from.node != nil:
		return s.instanceOf(a.from.node).results[a.from.result]
	}
	return reflect.Zero(a.Type)
}

// supply provides the key of an ask with what answers it. The option finds the
// child that it is made for among its parameters, and so serves all of them.
func (c *Container) supply(a ask) fx.Option {
	if known, ok := c.supplies.Load(a.Key); ok {
		return known.(fx.Option)
	}
	give := signature.Make([]signature.Param{{Key: childStateKey}}, []signature.Key{a.Key},
		func(params []reflect.Value) ([]reflect.Value, error) {
			return []reflect.Value{params[0].Interface().(*childState).value(a)}, nil
		})
	option := provide(give)
	if a.Key == shutdownerKey || a.Key == dotGraphKey { // which every Fx app has: the host's take their place
		option = decorate(give)
	}
	c.supplies.Store(a.Key, option)
	return option
}

// arrange is the reverse of asks: it puts the values in the order of the
// inputs, with own filling in what does not come through Fx.
func arrange(inputs []input, params []reflect.Value, own func(inputKind) reflect.Value) []reflect.Value {
	arguments := make([]reflect.Value, len(inputs))
	for i, in := range inputs {
		switch in.kind {
		case providerInput, hostInput, absentInput:
			arguments[i], params = params[0], params[1:]
		case groupInput:
			arguments[i] = gather(in, params[:len(in.providers)])
			params = params[len(in.providers):]
		default:
			arguments[i] = own(in.kind)
		}
	}
	return arguments
}

// gather makes a group's slice, in the order of resource keys.
func gather(in input, members []reflect.Value) reflect.Value {
	slice := reflect.MakeSlice(reflect.SliceOf(in.param.Type), 0, len(members))
	for i, p := range in.providers {
		if p.node.function.Results[p.result].Flatten {
			slice = reflect.AppendSlice(slice, members[i])
		} else {
			slice = reflect.Append(slice, members[i])
		}
	}
	return slice
}

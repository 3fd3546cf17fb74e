package graph

import (
	"reflect"

	"github.com/fxrun/fxrun/internal/signature"
)

// Ask is one value that a function gets through the Fx graph of a child, where
// fx.Replace and fx.Decorate can change it.
type Ask struct {
	signature.Param
	From  Provider      // the result that gives the value; without a node if no resource does
	Value reflect.Value // the value of the host application, if that gives the value
	// Own says that the value comes from the module of the host application where
	// the definition stands, and is another value than outside of modules.
	Own bool
}

// asks returns the values that the inputs of a function get through the Fx
// graph.
func (g *Graph) asks(inputs []Input) []Ask {
	var asks []Ask
	for _, in := range inputs {
		switch in.Kind {
		case providerInput:
			asks = append(asks, Ask{Param: signature.Param{Key: in.param.Key}, From: in.providers[0]})
		case hostInput:
			asks = append(asks, Ask{Param: signature.Param{Key: in.param.Key}, Value: in.value, Own: in.own})
		case absentInput:
			asks = append(asks, Ask{Param: signature.Param{Key: in.param.Key, Optional: true}})
		case groupInput:
			for _, p := range in.providers {
				asks = append(asks, Ask{Param: signature.Param{Key: g.Canonical(p)}, From: p})
			}
		default:
			// The child gives these values itself, and not through Fx.
		}
	}
	return asks
}

// Arrange is the reverse of asks: it puts the values in the order of the
// inputs. own returns the values that do not come through Fx.
func Arrange(inputs []Input, params []reflect.Value, own func(InputKind) reflect.Value) []reflect.Value {
	arguments := make([]reflect.Value, len(inputs))
	for i, in := range inputs {
		switch in.Kind {
		case providerInput, hostInput, absentInput:
			arguments[i], params = params[0], params[1:]
		case groupInput:
			arguments[i] = memberSlice(in, params[:len(in.providers)])
			params = params[len(in.providers):]
		default:
			arguments[i] = own(in.Kind)
		}
	}
	return arguments
}

// memberSlice makes the slice of a group. The members from resources come first,
// in the order of the resource keys. The members of the host application follow,
// in the order in which Fx gave them.
func memberSlice(in Input, members []reflect.Value) reflect.Value {
	slice := reflect.MakeSlice(reflect.SliceOf(in.param.Type), 0, len(members))
	for i, p := range in.providers {
		if p.Node.Function.Results[p.Result].Flatten {
			slice = reflect.AppendSlice(slice, members[i])
		} else {
			slice = reflect.Append(slice, members[i])
		}
	}
	if in.value.IsValid() {
		slice = reflect.AppendSlice(slice, in.value)
	}
	return slice
}

// AsksOf returns the values that the constructor of a resource gets through the
// Fx graph. It does its work once, when a child first needs the resource.
func (g *Graph) AsksOf(n *Node) []Ask {
	n.asked.Do(func() { n.asks = g.asks(n.Inputs) })
	return n.asks
}

package container_test

import (
	"fmt"
	"reflect"
	"runtime"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/signature"
)

// patience is more than any healthy test takes, and less than go test's own.
const patience = time.Minute

// exitGoroutine does what testing.T.FailNow does.
func exitGoroutine() { runtime.Goexit() }

// part is what the resources of made-up graphs give; their keys, r0 and so on,
// tell them apart.
type part struct{ i int }

func partKey(i int) string { return fmt.Sprintf("r%d", i) }

// makeResource makes resource i of a made-up graph, which needs others.
func makeResource(i int, needs []int, construct func(lc fx.Lifecycle) error, options ...container.Option) container.Resource {
	params := []signature.Param{{Key: signature.Key{Type: reflect.TypeFor[fx.Lifecycle]()}}}
	for _, need := range needs {
		params = append(params, signature.Param{Key: signature.Key{Type: reflect.TypeFor[*part](), Name: partKey(need)}})
	}
	results := []signature.Key{{Type: reflect.TypeFor[*part]()}}
	return container.Provide(partKey(i), signature.Make(params, results, func(params []reflect.Value) ([]reflect.Value, error) {
		for at, need := range needs {
			if got := params[at+1].Interface().(*part); got == nil || got.i != need {
				panic(fmt.Sprintf("%s got %v as %s", partKey(i), got, partKey(need)))
			}
		}
		if err := construct(params[0].Interface().(fx.Lifecycle)); err != nil {
			return nil, err
		}
		return []reflect.Value{reflect.ValueOf(&part{i})}, nil
	}), options...)
}

// needing makes a function that takes resources of a made-up graph.
func needing(wanted []int) any {
	var params []signature.Param
	for _, i := range wanted {
		params = append(params, signature.Param{Key: signature.Key{Type: reflect.TypeFor[*part](), Name: partKey(i)}})
	}
	return signature.Make(params, nil, func([]reflect.Value) ([]reflect.Value, error) { return nil, nil })
}

// manyResources makes n resources that need nothing, with one hook each.
func manyResources(n int, hook func(i int) fx.Hook) []container.Definition {
	definitions := make([]container.Definition, n)
	for i := range n {
		definitions[i] = makeResource(i, nil, func(lc fx.Lifecycle) error { lc.Append(hook(i)); return nil })
	}
	return definitions
}

// needAll needs every resource of a container.
func needAll(c *container.Container) container.ChildOption {
	var keys []string
	for _, description := range c.Resources() {
		keys = append(keys, description.Key)
	}
	return container.NeedsResources(keys...)
}

// namedPair asks for two resources of one type.
type namedPair struct {
	fx.In
	Left  *database `name:"left"`
	Right *database `name:"right"`
}

func asFxOptions(opts []container.ChildOption) []fx.Option {
	options := make([]fx.Option, len(opts))
	for i, opt := range opts {
		options[i] = opt
	}
	return options
}

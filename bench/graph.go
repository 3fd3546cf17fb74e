package bench

import (
	"fmt"
	"reflect"

	"go.uber.org/fx"
)

// Shape is how the resources of a graph depend on each other.
type Shape string

// The shapes.
const (
	Chain  Shape = "chain"  // each needs the one before it, and the last is asked for
	FanIn  Shape = "fan-in" // the last needs all others, and is asked for
	Levels Shape = "levels" // three levels: each needs one of the level before, and the whole last level is asked for
)

// Graph says what is declared, and what of it is asked for.
type Graph struct {
	Shape Shape

	// Needed is how many resources what is asked for comes to. The others that
	// are declared form groups like it, which nothing asks for.
	Needed int

	// Declared is how many resources there are: a multiple of Needed, and at most 10,000.
	Declared int
}

// String is the graph in the name of a benchmark.
func (g Graph) String() string { return fmt.Sprintf("%s/%d of %d", g.Shape, g.Needed, g.Declared) }

// needs returns the numbers of the resources that resource i needs.
func (g Graph) needs(i int) []int {
	place := i % g.Needed
	switch {
	case g.Shape == Chain && place > 0:
		return []int{i - 1}
	case g.Shape == FanIn && place == g.Needed-1:
		return span(i-place, i)
	case g.Shape == Levels && place >= g.Needed/3:
		return []int{i - g.Needed/3}
	}
	return nil
}

// asked returns the numbers of the resources that are asked for.
func (g Graph) asked() []int {
	if g.Shape == Levels {
		return span(g.Needed-g.Needed/3, g.Needed)
	}
	return []int{g.Needed - 1}
}

// span returns the numbers from first up to end, without end.
func span(first, end int) []int {
	numbers := make([]int, 0, end-first)
	for i := first; i < end; i++ {
		numbers = append(numbers, i)
	}
	return numbers
}

// key is the key, or name, of resource i.
func key(i int) string { return fmt.Sprintf("resource%04d", i) }

// functions returns a constructor for each of the first n resources, for
// containers that wire by type. Those that need others than the one before them
// are made by reflect.MakeFunc: one of a whole fan-in.
func (g Graph) functions(n int, hook fx.Hook) []any {
	types := newCatalog(n, hook)
	functions := make([]any, n)
	for i := range n {
		switch needs := g.needs(i); {
		case len(needs) == 0:
			functions[i] = types[i].alone
		case len(needs) == 1 && needs[0] == i-1:
			functions[i] = types[i].after
		default:
			functions[i] = gathering(hook, typesOf(types, needs), resultOf(types[i]))
		}
	}
	return functions
}

// question returns a function that takes what the graph asks for and tells
// answer how many resources that stands on.
func (g Graph) question(functions []any, answer func(int)) any {
	var params []reflect.Type
	for _, i := range g.asked() {
		params = append(params, reflect.TypeOf(functions[i]).Out(0))
	}
	return reflect.MakeFunc(reflect.FuncOf(params, nil, false), func(args []reflect.Value) []reflect.Value {
		answer(sizeOf(args))
		return nil
	}).Interface()
}

// gathering makes a constructor that needs one resource of each of the types.
func gathering(hook fx.Hook, needs []reflect.Type, result reflect.Type) any {
	params := append([]reflect.Type{reflect.TypeFor[fx.Lifecycle]()}, needs...)
	signature := reflect.FuncOf(params, []reflect.Type{result}, false)
	return reflect.MakeFunc(signature, func(args []reflect.Value) []reflect.Value {
		args[0].Interface().(fx.Lifecycle).Append(hook)
		made := reflect.ValueOf(&resource[none]{size: 1 + sizeOf(args[1:])})
		return []reflect.Value{made.Convert(result)}
	}).Interface()
}

func sizeOf(resources []reflect.Value) int {
	size := 0
	for _, r := range resources {
		size += int(r.Elem().Field(0).Int())
	}
	return size
}

func typesOf(types []constructors, numbers []int) []reflect.Type {
	results := make([]reflect.Type, len(numbers))
	for at, i := range numbers {
		results[at] = resultOf(types[i])
	}
	return results
}

func resultOf(c constructors) reflect.Type { return reflect.TypeOf(c.alone).Out(0) }

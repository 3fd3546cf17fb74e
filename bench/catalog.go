package bench

import "go.uber.org/fx"

// resource is a family of types, told apart by their type argument. size is how
// many resources it stands on, itself included: it shows that the graph was
// wired as it should be.
type resource[N any] struct{ size int }

// constructors are those of one resource type.
type constructors struct {
	alone any // func(fx.Lifecycle) *resource[N]
	after any // func(fx.Lifecycle, *resource[N-1]) *resource[N]
}

// catalog holds the constructors of as many distinct types as are asked for.
// Containers tell resources apart by type, and they call functions by
// reflection: functions made by reflect.MakeFunc would pay for that twice. So
// these are ordinary generic functions. A function for each digit counts up to
// 9,999 by calling the next one with ten type arguments; the compiler
// makes only a small dictionary for each type, since all of them are laid out
// alike, and no generated code is needed.
type catalog struct {
	hook  fx.Hook
	types []constructors // of the numbers 0 up to what is asked for
	limit int
}

// newCatalog makes constructors for n types, at most 10,000. Each constructor
// appends hook.
func newCatalog(n int, hook fx.Hook) []constructors {
	c := &catalog{hook: hook, types: make([]constructors, 0, n), limit: n}
	thousands[none, none](c)
	return c.types
}

type (
	none struct{}

	d0 struct{}
	d1 struct{}
	d2 struct{}
	d3 struct{}
	d4 struct{}
	d5 struct{}
	d6 struct{}
	d7 struct{}
	d8 struct{}
	d9 struct{}

	// number is a number in decimals: its digits but the last, and the last.
	number[High, Low any] struct{}
)

// In what follows N is what the digits so far come to, and P the number before
// N, which differs from N only where the next digit is 0.

func thousands[P, N any](c *catalog) {
	hundreds[number[P, d9], number[N, d0]](c)
	hundreds[number[N, d0], number[N, d1]](c)
	hundreds[number[N, d1], number[N, d2]](c)
	hundreds[number[N, d2], number[N, d3]](c)
	hundreds[number[N, d3], number[N, d4]](c)
	hundreds[number[N, d4], number[N, d5]](c)
	hundreds[number[N, d5], number[N, d6]](c)
	hundreds[number[N, d6], number[N, d7]](c)
	hundreds[number[N, d7], number[N, d8]](c)
	hundreds[number[N, d8], number[N, d9]](c)
}

func hundreds[P, N any](c *catalog) {
	tens[number[P, d9], number[N, d0]](c)
	tens[number[N, d0], number[N, d1]](c)
	tens[number[N, d1], number[N, d2]](c)
	tens[number[N, d2], number[N, d3]](c)
	tens[number[N, d3], number[N, d4]](c)
	tens[number[N, d4], number[N, d5]](c)
	tens[number[N, d5], number[N, d6]](c)
	tens[number[N, d6], number[N, d7]](c)
	tens[number[N, d7], number[N, d8]](c)
	tens[number[N, d8], number[N, d9]](c)
}

func tens[P, N any](c *catalog) {
	ones[number[P, d9], number[N, d0]](c)
	ones[number[N, d0], number[N, d1]](c)
	ones[number[N, d1], number[N, d2]](c)
	ones[number[N, d2], number[N, d3]](c)
	ones[number[N, d3], number[N, d4]](c)
	ones[number[N, d4], number[N, d5]](c)
	ones[number[N, d5], number[N, d6]](c)
	ones[number[N, d6], number[N, d7]](c)
	ones[number[N, d7], number[N, d8]](c)
	ones[number[N, d8], number[N, d9]](c)
}

func ones[P, N any](c *catalog) {
	one[number[P, d9], number[N, d0]](c)
	one[number[N, d0], number[N, d1]](c)
	one[number[N, d1], number[N, d2]](c)
	one[number[N, d2], number[N, d3]](c)
	one[number[N, d3], number[N, d4]](c)
	one[number[N, d4], number[N, d5]](c)
	one[number[N, d5], number[N, d6]](c)
	one[number[N, d6], number[N, d7]](c)
	one[number[N, d7], number[N, d8]](c)
	one[number[N, d8], number[N, d9]](c)
}

func one[P, N any](c *catalog) {
	if len(c.types) == c.limit {
		return
	}
	hook := c.hook
	c.types = append(c.types, constructors{
		alone: func(lc fx.Lifecycle) *resource[N] {
			lc.Append(hook)
			return &resource[N]{size: 1}
		},
		after: func(lc fx.Lifecycle, before *resource[P]) *resource[N] {
			lc.Append(hook)
			return &resource[N]{size: before.size + 1}
		},
	})
}

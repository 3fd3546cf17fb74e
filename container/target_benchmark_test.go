package container_test

import (
	"reflect"
	"testing"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/signature"
)

// typeOf makes as many types as are asked for.
func typeOf(i int) reflect.Type {
	return reflect.PointerTo(reflect.ArrayOf(i, reflect.TypeFor[byte]()))
}

// BenchmarkTarget makes the targets of 10,000 steps, as every command of a
// program with so many assets does.
func BenchmarkTarget(b *testing.B) {
	const many = 10_000
	definitions := make([]container.Definition, many)
	functions := make([]any, many)
	for i := range many {
		results := []signature.Key{{Type: typeOf(i)}}
		definitions[i] = container.Provide(partKey(i), signature.Make(nil, results, nil))
		of := reflect.FuncOf([]reflect.Type{typeOf(i)}, nil, false)
		functions[i] = reflect.MakeFunc(of, func([]reflect.Value) []reflect.Value { return nil }).Interface()
	}
	c := newContainer(b, definitions...)
	for name, make := range map[string]func(i int) error{
		"of parameters": func(i int) error {
			_, err := c.Target("asset", []signature.Param{{Key: signature.Key{Type: typeOf(i)}}})
			return err
		},
		"with config": func(i int) error {
			_, err := c.Target("asset", []signature.Param{{Key: signature.Key{Type: reflect.TypeFor[databaseConfig]()}}},
				container.StepConfig(partKey(i), databaseConfig{}, container.FromEnv("APP")))
			return err
		},
		"of a function": func(i int) error {
			_, err := c.Target("asset", functions[i])
			return err
		},
		"of a function made for it": func(i int) error {
			asks := []signature.Param{{Key: signature.Key{Type: typeOf(i)}}}
			_, err := c.Target("asset", signature.Make(asks, nil, nil))
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for i := range many {
					if err := make(i); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/many, "µs/target")
		})
	}
}

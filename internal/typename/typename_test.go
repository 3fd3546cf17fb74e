package typename_test

import (
	"net/url"
	"reflect"
	"testing"

	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/prepare"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/typename"
	own "github.com/fxrun/fxrun/internal/typename/config"
)

type (
	empty      struct{}
	box[T any] struct{ Value T }
)

func TestTypesAreNamedAsUsersWriteThem(t *testing.T) {
	t.Parallel()
	for want, of := range map[string]reflect.Type{
		"container.RunInfo":                                                  reflect.TypeFor[resource.RunInfo](),
		"*container.RunInfo":                                                 reflect.TypeFor[*resource.RunInfo](),
		"[]container.Secret[string]":                                         reflect.TypeFor[[]config.Secret[string]](),
		"[2]container.Secret[string]":                                        reflect.TypeFor[[2]config.Secret[string]](),
		"map[string]*container.Secret[int]":                                  reflect.TypeFor[map[string]*config.Secret[int]](),
		"func(...container.Secret[int])":                                     reflect.TypeFor[func(...config.Secret[int])](),
		"func(int) (container.RunInfo, error)":                               reflect.TypeFor[func(int) (resource.RunInfo, error)](),
		"struct { Key container.Secret[string] }":                            reflect.TypeFor[struct{ Key config.Secret[string] }](),
		"typename_test.box[github.com/fxrun/fxrun/container.Secret[string]]": reflect.TypeFor[box[config.Secret[string]]](),
		"container.Preview":                                                  reflect.TypeFor[prepare.Preview](),
		"container.HealthReport":                                             reflect.TypeFor[child.HealthReport](),
		"*url.URL":                                                           reflect.TypeFor[*url.URL](),
	} {
		if got := typename.Of(of); got != want {
			t.Errorf("%s is named %s", want, got)
		}
	}
}

func TestTypesOfUsersAreNamedAsReflectNamesThem(t *testing.T) {
	t.Parallel()
	for _, of := range []reflect.Type{
		reflect.TypeFor[own.Secret[string]](),
		reflect.TypeFor[map[own.Secret[string]][]*own.Secret[int]](),
		reflect.TypeFor[box[own.Secret[string]]](),
		reflect.TypeFor[string](),
		reflect.TypeFor[any](),
		reflect.TypeFor[struct{}](),
		reflect.TypeFor[[3]chan<- empty](),
		reflect.TypeFor[func()](),
		reflect.TypeFor[func() error](),
		reflect.TypeFor[func(int, ...string) (empty, error)](),
		reflect.TypeFor[struct {
			empty
			*url.URL
			Name  string `json:"name" desc:"the \"name\""`
			inner struct{ n int }
		}](),
	} {
		if got := typename.Of(of); got != of.String() {
			t.Errorf("%s is named %s", of, got)
		}
	}
}

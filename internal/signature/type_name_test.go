package signature_test

import (
	"net/url"
	"reflect"
	"testing"

	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/prepare"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

func TestTypesAreNamedAsUsersWriteThem(t *testing.T) {
	t.Parallel()
	for want, of := range map[string]reflect.Type{
		"container.RunInfo":                 reflect.TypeFor[resource.RunInfo](),
		"*container.RunInfo":                reflect.TypeFor[*resource.RunInfo](),
		"[]container.Secret[string]":        reflect.TypeFor[[]config.Secret[string]](),
		"map[string]*container.Secret[int]": reflect.TypeFor[map[string]*config.Secret[int]](),
		"container.Preview":                 reflect.TypeFor[prepare.Preview](),
		"container.HealthReport":            reflect.TypeFor[child.HealthReport](),
		"*url.URL":                          reflect.TypeFor[*url.URL](),
		"func() error":                      reflect.TypeFor[func() error](),
		"string":                            reflect.TypeFor[string](),
	} {
		if got := signature.TypeName(of); got != want {
			t.Errorf("%s is named %s", want, got)
		}
	}
}

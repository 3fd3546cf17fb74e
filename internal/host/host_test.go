package host_test

import (
	"reflect"
	"testing"

	"go.uber.org/fx"

	fxruncontainer "github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/internal/host/internal/container"
	"github.com/fxrun/fxrun/internal/signature"
)

// gather returns what a definition that asks for a type gathers in an
// application.
func gather(t *testing.T, asked reflect.Type, opts ...fx.Option) []any {
	t.Helper()
	var gathered struct {
		fx.In

		Found []host.Found `group:"fxrun.host"`
	}
	definition := host.Option("definitions", 1, host.Definitions{Places: []any{new(int)}, Asks: []host.Ask{{Key: signature.Key{Type: asked}}}})
	if err := fx.New(fx.NopLogger, definition, fx.Options(opts...), fx.Populate(&gathered)).Err(); err != nil {
		t.Fatal(err)
	}
	var values []any
	for _, found := range gathered.Found {
		for _, value := range found.Values {
			if value.Value.IsValid() {
				values = append(values, value.Value.Interface())
			}
		}
	}
	return values
}

func TestOption(t *testing.T) {
	t.Parallel()
	t.Run("gathers a host's own type that is called as one of fxrun's", func(t *testing.T) {
		t.Parallel()
		own := &container.Container{Name: "own"}
		values := gather(t, reflect.TypeFor[*container.Container](), fx.Supply(own))
		if len(values) != 1 || values[0] != any(own) {
			t.Errorf("got %v", values)
		}
	})
	t.Run("does not ask for what fxrun's module makes of the definitions", func(t *testing.T) {
		t.Parallel()
		values := gather(t, reflect.TypeFor[*fxruncontainer.Container](), fx.Supply(new(fxruncontainer.Container)))
		if len(values) > 0 {
			t.Errorf("got %v", values)
		}
	})
}

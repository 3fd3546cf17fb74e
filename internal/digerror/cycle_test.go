package digerror_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/digerror"
	"github.com/fxrun/fxrun/internal/host"
)

func numberOfText(string) (int8, error) { return 0, nil }

func textOfNumber(int8) string { return "" }

func TestCycle(t *testing.T) {
	t.Parallel()
	const own = "github.com/fxrun/fxrun/internal/digerror_test"
	for name, test := range map[string]struct {
		err  error
		want []digerror.Constructor
	}{
		"names the constructors of a cycle": {
			failed(host.Quiet, fx.Provide(numberOfText, textOfNumber), fx.Invoke(func(int8) {})),
			[]digerror.Constructor{{"func(string) (int8, error)", own}, {"func(int8) string", own}, {"func(string) (int8, error)", own}},
		},
		"names the constructors of a module": {
			failed(host.Quiet, fx.Module("shop", fx.Provide(numberOfText, textOfNumber, fx.Private), fx.Invoke(func(int8) {}))),
			[]digerror.Constructor{{"func(string) (int8, error)", own}, {"func(int8) string", own}, {"func(string) (int8, error)", own}},
		},
		"says which one was made by reflection": {
			failed(host.Quiet, fx.Provide(fx.Annotate(textOfNumber, fx.As(new(any))), func(any) int8 { return 0 }), fx.Invoke(func(int8) {})),
			[]digerror.Constructor{
				{"func(int8) struct { dig.Out; Field0 interface {} }", "reflect"},
				{"func(interface {}) int8", own},
				{"func(int8) struct { dig.Out; Field0 interface {} }", "reflect"},
			},
		},
		"names nothing without a cycle":         {failed(fx.Provide(newOfText), fx.Invoke(func(int8) {})), nil},
		"names nothing of an error without dig": {errPool, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, digerror.Cycle(test.err)); diff != "" {
				t.Errorf("%v (-want +got):\n%s", test.err, diff)
			}
		})
	}
}

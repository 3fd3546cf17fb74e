package stackless_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/stackless"
)

func TestOptions(t *testing.T) {
	t.Parallel()
	type pair struct{ with, without fx.Option }
	one := func() int { return 1 }
	for name, options := range map[string]pair{
		"Provide":  {fx.Provide(one), stackless.Provide(one)},
		"Invoke":   {fx.Invoke(one), stackless.Invoke(one)},
		"Decorate": {fx.Decorate(one), stackless.Decorate(one)},
	} {
		t.Run("of "+name+" are those of Fx without the stack of the caller", func(t *testing.T) {
			t.Parallel()
			with, without := reflect.ValueOf(options.with), reflect.ValueOf(options.without)
			if with.Type() != without.Type() || fmt.Sprint(options.with) != fmt.Sprint(options.without) {
				t.Fatalf("got the option %T %v, want %T %v", options.without, options.without, options.with, options.with)
			}
			const caller = "TestOptions"
			long, short := fmt.Sprint(with.FieldByName("Stack")), fmt.Sprint(without.FieldByName("Stack"))
			if !strings.Contains(long, caller) || strings.Contains(short, caller) || strings.Contains(short, ".go") || len(short) > 100 {
				t.Errorf("got the stack %s in place of %s", short, long)
			}
		})
	}

	t.Run("do in an application what those of Fx do", func(t *testing.T) {
		t.Parallel()
		var got int
		app := fx.New(fx.NopLogger,
			stackless.Provide(one, func(n int) string { return fmt.Sprint(n) }),
			stackless.Decorate(func(n int) int { return n + 41 }),
			stackless.Invoke(func(text string) error { _, err := fmt.Sscan(text, &got); return err }))
		if err := app.Err(); err != nil || got != 42 {
			t.Errorf("got %d, %v", got, err)
		}
	})
}

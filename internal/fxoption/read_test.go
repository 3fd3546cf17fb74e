package fxoption_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/internal/fxoption"
)

func newReader(lines []string) *strings.Reader { return strings.NewReader(strings.Join(lines, "\n")) }

func newLogger(io.Reader) fxevent.Logger { return fxevent.NopLogger }

type members struct {
	fx.In
	Lines []string `group:"lines,soft"`
	Named int      `name:"n" optional:"true"`
}

// embedding is an option of another package.
type embedding struct {
	fx.Option
	_ int
}

// TestReadMeetsEveryOptionOfFx writes down what each option of Fx holds.
func TestReadMeetsEveryOptionOfFx(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option fx.Option
		want   []string
	}{
		"fx.Provide":                 {fx.Provide(newReader), []string{"fx.Provide(fxoption_test.newReader) asks [[]string] gives [*strings.Reader]"}},
		"fx.Provide of fx.Annotate":  {fx.Provide(fx.Annotate(newReader, fx.As(new(io.Reader)), fx.ParamTags(`group:"lines"`))), []string{`fx.Provide(fxoption_test.newReader) asks [string[group="lines"]] gives [io.Reader]`}},
		"fx.Provide of fx.Annotated": {fx.Provide(fx.Annotated{Name: "r", Target: newReader}), []string{`fx.Provide(fxoption_test.newReader) asks [[]string] gives [*strings.Reader[name="r"]]`}},
		"fx.Provide of two, private": {fx.Provide(newReader, newLogger, fx.Private), []string{"fx.Provide(fxoption_test.newReader) asks [[]string] gives [*strings.Reader] private", "fx.Provide(fxoption_test.newLogger) asks [io.Reader] gives [fxevent.Logger] private"}},
		"fx.Supply":                  {fx.Supply(3, "text"), []string{"fx.Supply asks [] gives [int]", "fx.Supply asks [] gives [string]"}},
		"fx.Supply, private":         {fx.Supply(3, fx.Private), []string{"fx.Supply asks [] gives [int] private"}},
		"fx.Replace":                 {fx.Replace(3), []string{"fx.Replace asks [] gives [int]"}},
		"fx.Replace of a group":      {fx.Replace(fx.Annotate([]int{3}, fx.ResultTags(`group:"g"`))), []string{`fx.Replace asks [] gives [int[group="g"]]`}},
		"fx.Decorate":                {fx.Decorate(func(r io.Reader) io.Reader { return r }), []string{"asks [io.Reader] gives [io.Reader]"}},
		"fx.Invoke":                  {fx.Invoke(func(members) {}), []string{`asks [string[group="lines"] int[name="n"]] gives []`}},
		"fx.Populate":                {fx.Populate(new(int)), []string{"fx.Invoke asks [int] gives []"}},
		"fx.WithLogger":              {fx.WithLogger(newLogger), []string{"fx.WithLogger(fxoption_test.newLogger) asks [io.Reader] gives [fxevent.Logger]"}},
		"fx.Logger":                  {fx.Logger(nil), nil},
		"fx.ErrorHook":               {fx.ErrorHook(), nil},
		"fx.Error":                   {fx.Error(io.EOF), nil},
		"fx.RecoverFromPanics":       {fx.RecoverFromPanics(), nil},
		"fx.StartTimeout":            {fx.StartTimeout(1), nil},
		"fx.StopTimeout":             {fx.StopTimeout(1), nil},
		"fx.Options":                 {fx.Options(fx.Supply(3), fx.Options(fx.Supply(4))), []string{"fx.Supply asks [] gives [int]", "fx.Supply asks [] gives [int]"}},
		"fx.Module":                  {fx.Module("m", fx.Module("inner", fx.Supply(3))), []string{"fx.Supply asks [] gives [int] in a module"}},
		"a struct that embeds one":   {embedding{Option: fx.Supply(3)}, []string{"fx.Supply asks [] gives [int]"}},
		"a pointer to such a struct": {&embedding{Option: fx.Supply(3)}, []string{"fx.Supply asks [] gives [int]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := fxoption.Read([]fx.Option{test.option, nil})
			if len(read.Faults) > 0 || len(read.Functions) != len(test.want) {
				t.Fatal(read.Faults, read.Functions)
			}
			for i, function := range read.Functions {
				if got := text(function); !strings.HasSuffix(got, test.want[i]) {
					t.Errorf("got  %s\nwant %s", got, test.want[i])
				}
				if (function.Option != nil) == function.InModule && function.Kind != fxoption.Logger {
					t.Error("the function alone", function.Option)
				}
				if function.Option != nil && len(fxoption.Read([]fx.Option{function.Option}).Functions) != 1 {
					t.Error("the option of one function has others", function.Option)
				}
			}
		})
	}
}

func text(f fxoption.Function) string {
	var asks, gives []string
	for _, param := range f.Params {
		asks = append(asks, param.String())
	}
	for _, result := range f.Results {
		gives = append(gives, result.String())
	}
	line := fmt.Sprintf("%s asks %v gives %v", f, asks, gives)
	if f.Private {
		line += " private"
	}
	if f.InModule {
		line += " in a module"
	}
	return line
}

func TestReadReportsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for want, option := range map[string]fx.Option{
		"not a function: int": fx.Provide(3),
		"fx.Provide: it was given fx.Options(), which is an option itself":  fx.Provide(fx.Options()),
		"fx.Invoke: it was given fx.Supply(int), which is an option itself": fx.Invoke(fx.Supply(3)),
		"cannot apply more":     fx.Decorate(fx.Annotate(newReader, fx.ParamTags(`name:"a"`), fx.ParamTags(`name:"b"`))),
		"inside another is nil": fx.Options(nil),
		"fx.Invoke":             fx.Invoke(fx.Annotate(func(int) {}, fx.ParamTags(`nonsense`))),
		"another is nil, which": embedding{},
	} {
		read := fxoption.Read([]fx.Option{option})
		if len(read.Faults) != 1 || !strings.Contains(read.Faults[0].Error(), want) {
			t.Errorf("got %v, want %s", read.Faults, want)
		}
	}
}

func TestWithoutLoggers(t *testing.T) {
	t.Parallel()
	kept := fxoption.WithoutLoggers([]fx.Option{
		fx.WithLogger(newLogger), fx.Supply(3), fx.Module("m", fx.NopLogger, fx.Supply("text")), fx.Options(fx.Logger(nil), nil), nil,
	})
	var kinds []string
	for _, function := range fxoption.Read(kept).Functions {
		kinds = append(kinds, function.Kind.String())
	}
	// What makes a logger is asked for what it needs.
	if diff := cmp.Diff([]string{"fx.Invoke", "fx.Supply", "fx.Invoke", "fx.Supply"}, kinds); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

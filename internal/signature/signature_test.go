package signature_test

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/dig"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/signature"
)

type (
	alpha struct{ n int }
	beta  struct{ n int }

	innerIn struct {
		fx.In
		Deep *alpha `name:"deep"`
	}
	in struct {
		fx.In
		Plain    *alpha
		Named    *alpha    `name:"main"`
		Maybe    io.Reader `optional:"true"`
		Members  []*beta   `group:"betas"`
		Soft     []*beta   `group:"softs,soft"`
		NoGroup  []*beta   `group:""`
		NotMaybe int       `optional:"false"`
		Nested   innerIn
	}
	embeddedIn struct {
		InnerBase
		Plain *alpha
	}
	InnerBase struct {
		fx.In
		Base *beta
	}
	ignoringIn struct {
		fx.In `ignore-unexported:"true"`
		Plain *alpha
		cache map[string]int
		inner innerIn
	}
	twiceIn struct {
		fx.In
		Marker fx.In
		Plain  *alpha
	}
	innerOut struct {
		fx.Out
		Deep *alpha `name:"deep"`
	}
	out struct {
		fx.Out
		Plain  *alpha
		Named  *beta   `name:"main"`
		Member *beta   `group:"betas"`
		Many   []*beta `group:"betas,flatten"`
		Nested innerOut
	}
)

// text writes a parameter as dig does in its own description of a function.
func text(key signature.Key, optional bool) string {
	var notes []string
	if optional {
		notes = append(notes, "optional")
	}
	if key.Name != "" {
		notes = append(notes, fmt.Sprintf("name = %q", key.Name))
	}
	t := key.Type.String()
	if key.Group != "" {
		notes = append(notes, fmt.Sprintf("group = %q", key.Group))
	}
	if len(notes) == 0 {
		return t
	}
	return t + "[" + strings.Join(notes, ", ") + "]"
}

func TestOfReadsWhatDigReads(t *testing.T) {
	t.Parallel()
	for name, fn := range map[string]any{
		"plain parameters and results":          func(*alpha, int) (*beta, string, error) { return nil, "", nil },
		"an fx.In struct with every tag":        func(in) *beta { return nil },
		"an fx.In struct between others":        func(int, in, string) *beta { return nil },
		"an embedded struct that embeds fx.In":  func(embeddedIn) int { return 0 },
		"unexported fields that may be ignored": func(ignoringIn) *beta { return nil },
		"a field of type fx.In":                 func(twiceIn) *beta { return nil },
		"an fx.Out struct with every tag":       func() (out, error) { return out{}, nil },
		"an fx.Out struct beside a plain value": func() (string, out) { return "", out{} },
		"a variadic parameter":                  func(*alpha, ...string) *beta { return nil },
		"two parameters of one type":            func(*alpha, *alpha) *beta { return nil },
		"a generic function":                    generic[*alpha],
		"a method value":                        (&alpha{}).method,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := signature.Of(fn)
			if err != nil {
				t.Fatal(err)
			}
			var info dig.ProvideInfo
			if err := dig.New().Provide(fn, dig.FillProvideInfo(&info)); err != nil {
				t.Fatal(err)
			}
			var want, got []string
			for _, input := range info.Inputs {
				// dig lists a variadic parameter as an optional slice, and gives it nothing.
				if name == "a variadic parameter" && strings.HasPrefix(input.String(), "[]string") {
					continue
				}
				want = append(want, strings.Replace(input.String(), "[]*signature_test.beta[group", "*signature_test.beta[group", 1))
			}
			for _, param := range f.Params {
				got = append(got, text(param.Key, param.Optional))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("parameters (-dig +signature):\n%s", diff)
			}
			want, got = nil, nil
			for _, output := range info.Outputs {
				want = append(want, output.String())
			}
			for _, result := range f.Results {
				got = append(got, text(result.Key, false))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("results (-dig +signature):\n%s", diff)
			}
		})
	}
}

func generic[T any](T) *beta { return nil }

func (a *alpha) method(int) *beta { return nil }

type (
	unexportedIn struct {
		fx.In
		plain *alpha
	}
	pointerField struct {
		fx.In
		Inner *innerIn
	}
	outInIn struct {
		fx.In
		Inner innerOut
	}
	badOptional struct {
		fx.In
		A *alpha `optional:"perhaps"`
	}
	groupOfOne struct {
		fx.In
		A *alpha `group:"g"`
	}
	namedGroup struct {
		fx.In
		A []*alpha `group:"g" name:"n"`
	}
	optionalGroup struct {
		fx.In
		A []*alpha `group:"g" optional:"true"`
	}
	flattenedIn struct {
		fx.In
		A []*alpha `group:"g,flatten"`
	}
	softOut struct {
		fx.Out
		A *alpha `group:"g,soft"`
	}
	flattenOne struct {
		fx.Out
		A *alpha `group:"g,flatten"`
	}
	namedGroupOut struct {
		fx.Out
		A *alpha `group:"g" name:"n"`
	}
	errorOut struct {
		fx.Out
		Err error
	}
	inInOut struct {
		fx.Out
		Inner *innerIn
	}
	unexportedOut struct {
		fx.Out
		a *alpha
	}
)

func TestOfRefusesWhatDigRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fn   any
		want string
	}{
		"an unexported field":                {func(unexportedIn) *beta { return nil }, "field plain of signature_test.unexportedIn: it is not exported"},
		"a pointer to fx.In":                 {func(*in) *beta { return nil }, "parameter 1 is a pointer to an fx.In struct: take it by value"},
		"a field that is a pointer to fx.In": {func(pointerField) *beta { return nil }, "field Inner of signature_test.pointerField: it is a pointer to an fx.In struct: take it by value"},
		"fx.Out as a parameter":              {func(out) *beta { return nil }, "parameter 1 is an fx.Out struct: parameters embed fx.In"},
		"fx.Out in fx.In":                    {func(outInIn) *beta { return nil }, "field Inner of signature_test.outInIn: it is an fx.Out struct: parameters embed fx.In"},
		"fx.In as a result":                  {func() in { return in{} }, "result 1 is an fx.In struct: results embed fx.Out"},
		"fx.In in fx.Out":                    {func() inInOut { return inInOut{} }, "field Inner of signature_test.inInOut: it is an fx.In struct: results embed fx.Out"},
		"a pointer to fx.Out":                {func() *out { return nil }, "result 1 is a pointer to an fx.Out struct: return it by value"},
		"an optional tag that is no boolean": {func(badOptional) *beta { return nil }, `field A of signature_test.badOptional: tag optional:"perhaps" is neither true nor false`},
		"a group that is not a slice":        {func(groupOfOne) *beta { return nil }, "field A of signature_test.groupOfOne: a group is received as a slice, or with keys as a map[string], not as *signature_test.alpha"},
		"a group with a name":                {func(namedGroup) *beta { return nil }, "field A of signature_test.namedGroup: it has a name and a group: use one of them"},
		"an optional group":                  {func(optionalGroup) *beta { return nil }, "field A of signature_test.optionalGroup: a group is never optional: without members it is an empty slice"},
		"a flattened group as parameter":     {func(flattenedIn) *beta { return nil }, `field A of signature_test.flattenedIn: tag group:"g,flatten" has an unknown option "flatten": soft is the only one for a parameter`},
		"a soft result":                      {func() softOut { return softOut{} }, `field A of signature_test.softOut: tag group:"g,soft" has an unknown option "soft": flatten is the only one for a result`},
		"one value flattened":                {func() flattenOne { return flattenOne{} }, "field A of signature_test.flattenOne: only a slice can be flattened, not *signature_test.alpha"},
		"a result with a name and a group":   {func() namedGroupOut { return namedGroupOut{} }, "field A of signature_test.namedGroupOut: it has a name and a group: use one of them"},
		"an error in fx.Out":                 {func() errorOut { return errorOut{} }, "field Err of signature_test.errorOut: an error is returned as the function's last result"},
		"an unexported result":               {func() unexportedOut { return unexportedOut{} }, "field a of signature_test.unexportedOut: it is not exported"},
		"an error that is not last":          {func() (error, *beta) { return nil, nil }, "result 1 is an error: only the last result may be one"}, //nolint:staticcheck // this is the test
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := signature.Of(test.fn)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if name == "an error that is not last" {
				return // dig takes it, and returns it as nobody expects
			}
			if err := dig.New().Provide(test.fn); err == nil {
				t.Error("dig takes it")
			}
		})
	}
}

func TestOfReportsEveryFault(t *testing.T) {
	t.Parallel()
	_, err := signature.Of(func(badOptional, unexportedIn) *in { return nil })
	if got := strings.Count(fmt.Sprint(err), "\n"); got != 2 {
		t.Errorf("expected three lines:\n%v", err)
	}
}

func TestOfRefusesWhatIsNoPlainFunction(t *testing.T) {
	t.Parallel()
	var none func()
	for name, test := range map[string]struct {
		fn   any
		want error
	}{
		"nil":                 {nil, signature.ErrNotFunc},
		"a value":             {3, signature.ErrNotFunc},
		"a pointer":           {&alpha{}, signature.ErrNotFunc},
		"a nil function":      {none, signature.ErrNotFunc},
		"fx.Annotate":         {fx.Annotate(func() int { return 1 }, fx.ResultTags(`name:"x"`)), signature.ErrAnnotated},
		"fx.Annotate of junk": {fx.Annotate(3), signature.ErrAnnotated},
		"fx.Annotated":        {fx.Annotated{Name: "x", Target: func() int { return 1 }}, signature.ErrAnnotated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := signature.Of(test.fn); !errors.Is(err, test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNameAndPositionAreThoseOfTheSource(t *testing.T) {
	t.Parallel()
	for want, fn := range map[string]any{
		"signature_test.generic[...]":    generic[*alpha],
		"signature_test.(*alpha).method": (&alpha{}).method,
		"signature_test.newBeta":         newBeta,
	} {
		f, err := signature.Of(fn)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name != want || !strings.HasPrefix(f.Position, "signature_test.go:") && want == "signature_test.newBeta" {
			t.Errorf("got %s at %s, want %s", f.Name, f.Position, want)
		}
	}
}

func newBeta(p in) (*beta, error) {
	if p.Plain == nil {
		return nil, errEmpty
	}
	return &beta{p.Plain.n + p.Named.n + len(p.Members) + p.Nested.Deep.n}, nil
}

var errEmpty = errors.New("empty")

func TestCallFillsParameterStructs(t *testing.T) {
	t.Parallel()
	f, err := signature.Of(newBeta)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]reflect.Value, len(f.Params))
	for i, param := range f.Params {
		values[i] = reflect.Zero(param.Type)
		switch {
		case param.Group != "":
			values[i] = reflect.ValueOf([]*beta{{1}, {2}})
		case param.Type == reflect.TypeFor[*alpha]():
			values[i] = reflect.ValueOf(&alpha{10})
		case param.Type == reflect.TypeFor[[]*beta]():
			values[i] = reflect.ValueOf([]*beta(nil))
		}
	}
	results, err := f.Call(values)
	if err != nil || results[0].Interface().(*beta).n != 32 {
		t.Error(results, err)
	}
}

func TestCallLeavesIgnoredFieldsAlone(t *testing.T) {
	t.Parallel()
	f, err := signature.Of(func(p ignoringIn) int { return p.Plain.n + len(p.cache) })
	if err != nil {
		t.Fatal(err)
	}
	results, err := f.Call([]reflect.Value{reflect.ValueOf(&alpha{7})})
	if err != nil || results[0].Int() != 7 {
		t.Error(results, err)
	}
}

func TestCallGivesVariadicParametersNothing(t *testing.T) {
	t.Parallel()
	f, err := signature.Of(func(a *alpha, more ...string) int { return a.n + len(more) })
	if err != nil {
		t.Fatal(err)
	}
	results, err := f.Call([]reflect.Value{reflect.ValueOf(&alpha{7})})
	if err != nil || results[0].Int() != 7 {
		t.Error(results, err)
	}
}

func TestCallReturnsTheFunctionsOwnError(t *testing.T) {
	t.Parallel()
	f, err := signature.Of(func() (out, error) { return out{}, errEmpty })
	if err != nil {
		t.Fatal(err)
	}
	if !f.ReturnsError() {
		t.Error("it returns an error")
	}
	if results, err := f.Call(nil); !errors.Is(err, errEmpty) || results != nil {
		t.Error(results, err)
	}
}

func TestCallTakesResultStructsApart(t *testing.T) {
	t.Parallel()
	f, err := signature.Of(func() out {
		return out{Plain: &alpha{1}, Named: &beta{2}, Member: &beta{3}, Many: []*beta{{4}}, Nested: innerOut{Deep: &alpha{5}}}
	})
	if err != nil {
		t.Fatal(err)
	}
	results, err := f.Call(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, result := range results {
		got = append(got, fmt.Sprintf("%s %t %v", f.Results[i].Key, f.Results[i].Flatten, reflect.Indirect(result)))
	}
	want := []string{
		"*signature_test.alpha false {1}",
		`*signature_test.beta[name="main"] false {2}`,
		`*signature_test.beta[group="betas"] false {3}`,
		`*signature_test.beta[group="betas"] true [`,
		`*signature_test.alpha[name="deep"] false {5}`,
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got %q", got)
	}
}

func TestMadeFunctionsWorkInFx(t *testing.T) {
	t.Parallel()
	keys := []signature.Key{
		{Type: reflect.TypeFor[*alpha]()},
		{Type: reflect.TypeFor[*alpha](), Name: `a "quoted" name`},
		{Type: reflect.TypeFor[fmt.Stringer]()},
	}
	provide := signature.Make(nil, keys, func([]reflect.Value) ([]reflect.Value, error) {
		return []reflect.Value{reflect.ValueOf(&alpha{1}), reflect.ValueOf(&alpha{2}), reflect.ValueOf(reflect.TypeFor[int]())}, nil
	})
	absent := signature.Key{Type: reflect.TypeFor[io.Writer]()}
	params := []signature.Param{{Key: keys[1]}, {Key: keys[0]}, {Key: absent, Optional: true}, {Key: keys[2]}}
	var got string
	invoke := signature.Make(params, nil, func(values []reflect.Value) ([]reflect.Value, error) {
		got = fmt.Sprint(values[0].Interface().(*alpha).n, values[1].Interface().(*alpha).n, values[2].IsNil(), values[3])
		return nil, nil
	})
	if err := fx.New(fx.NopLogger, fx.Provide(provide), fx.Invoke(invoke)).Err(); err != nil {
		t.Fatal(err)
	}
	if got != "2 1 true int" {
		t.Error(got)
	}
}

func TestMadeFunctionsReturnTheBodysError(t *testing.T) {
	t.Parallel()
	provide := signature.Make(nil, []signature.Key{{Type: reflect.TypeFor[*alpha]()}, {Type: reflect.TypeFor[*beta](), Name: "b"}},
		func([]reflect.Value) ([]reflect.Value, error) { return nil, errEmpty })
	err := fx.New(fx.NopLogger, fx.Provide(provide), fx.Invoke(func(*alpha) {})).Err()
	if !errors.Is(err, errEmpty) {
		t.Error(err)
	}
}

func TestSetterSetsWhatThePointerPointsTo(t *testing.T) {
	t.Parallel()
	var target *alpha
	set, err := signature.Setter(&target)
	if err != nil {
		t.Fatal(err)
	}
	f, err := signature.Of(set)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Call([]reflect.Value{reflect.ValueOf(&alpha{4})}); err != nil || target.n != 4 {
		t.Error(target, err)
	}
	for _, wrong := range []any{nil, 3, (*int)(nil)} {
		if _, err := signature.Setter(wrong); err == nil {
			t.Errorf("%T was taken", wrong)
		}
	}
}

func TestAGroupWithKeys(t *testing.T) {
	t.Parallel()
	function, err := signature.Of(func(struct {
		dig.In
		Slice []*alpha          `group:"g"`
		Keyed map[string]*alpha `group:"g"`
	}) {
	})
	if err != nil {
		t.Fatal(err)
	}
	key := signature.Key{Type: reflect.TypeFor[*alpha](), Group: "g"}
	for i, keyed := range []bool{false, true} {
		if param := function.Params[i]; param.Key != key || param.Keyed != keyed {
			t.Errorf("got %+v", param)
		}
	}
}

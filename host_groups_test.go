package fxrun_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

type check string

type checkOut struct {
	fx.Out
	Check check `group:"checks"`
}

type checksIn struct {
	fx.In
	Checks []check `group:"checks"`
}

// hostCheck is a member of the group that the application itself provides.
func hostCheck(name check) fx.Option {
	return fx.Provide(fx.Annotate(func() check { return name }, fx.ResultTags(`group:"checks"`)))
}

// privateCheck is a member that only the definitions of its module get.
func privateCheck(name check) fx.Option {
	return fx.Provide(fx.Annotate(func() check { return name }, fx.ResultTags(`group:"checks"`)), fx.Private)
}

func resourceCheck(key string) container.Resource {
	return container.Provide(key, func() checkOut { return checkOut{Check: check(key)} })
}

// gets makes an asset that fails where the group has other members.
func gets(want ...check) assets.Asset {
	return assets.New("checked", func(in checksIn) error {
		got := slices.Clone(in.Checks)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			return fmt.Errorf("got %v, want %v", got, want)
		}
		return nil
	})
}

func TestGroupsOfTheHost(t *testing.T) {
	t.Parallel()
	replaced := fx.Replace(fx.Annotate([]check{"fake"}, fx.ResultTags(`group:"checks"`)))
	decorated := fx.Decorate(fx.Annotate(func(all []check) []check {
		return append(slices.Clone(all), "added")
	}, fx.ParamTags(`group:"checks"`), fx.ResultTags(`group:"checks"`)))
	wrapped := fx.Decorate(fx.Annotate(func(all []check) (wrapped []check) {
		for _, one := range all {
			wrapped = append(wrapped, "wrapped "+one)
		}
		return wrapped
	}, fx.ParamTags(`group:"checks"`), fx.ResultTags(`group:"checks"`)))
	emptied := fx.Decorate(fx.Annotate(func(all []check) []check { return all[:0] }, fx.ParamTags(`group:"checks"`), fx.ResultTags(`group:"checks"`)))
	shared := gets("a", "b")
	for name, test := range map[string]struct {
		opts []fx.Option
		want string // of the error; "" for none
	}{
		"give their members":                                 {[]fx.Option{hostCheck("a"), hostCheck("b"), gets("a", "b")}, ""},
		"give members of modules":                            {[]fx.Option{hostCheck("a"), fx.Module("one", hostCheck("b")), gets("a", "b")}, ""},
		"join with members that are resources":               {[]fx.Option{hostCheck("a"), resourceCheck("b"), gets("a", "b")}, ""},
		"are replaced":                                       {[]fx.Option{hostCheck("a"), replaced, gets("fake")}, ""},
		"are decorated":                                      {[]fx.Option{hostCheck("a"), decorated, gets("a", "added")}, ""},
		"are decorated in a module":                          {[]fx.Option{hostCheck("a"), fx.Module("one", decorated, gets("a", "added"))}, ""},
		"are decorated in another module":                    {[]fx.Option{hostCheck("a"), fx.Module("one", decorated), gets("a")}, ""},
		"can't replace members of resources":                 {[]fx.Option{resourceCheck("a"), replaced, gets("fake")}, "where those members are not known"},
		"can't decorate members of resources":                {[]fx.Option{hostCheck("b"), resourceCheck("a"), decorated, gets("a")}, "where those members are not known"},
		"can't be wrapped where only resources give members": {[]fx.Option{resourceCheck("a"), wrapped, gets("wrapped a")}, "where those members are not known"},
		"can't be emptied where resources give members":      {[]fx.Option{hostCheck("b"), resourceCheck("a"), emptied, gets()}, "where those members are not known"},
		"are emptied":                                        {[]fx.Option{hostCheck("b"), emptied, gets()}, ""},
		"of two modules can't be those of one definition": {
			[]fx.Option{hostCheck("a"), fx.Module("one", decorated, shared), fx.Module("two", decorated, shared)}, "stands in two modules",
		},
		"private to two modules can't be those of one definition": {
			[]fx.Option{fx.Module("one", privateCheck("one"), shared), fx.Module("two", privateCheck("two"), shared)}, "stands in two modules",
		},
		"can be those of one definition in two modules": {[]fx.Option{hostCheck("a"), hostCheck("b"), fx.Module("one", shared), fx.Module("two", shared)}, ""},
		"can't lack what a member takes":                {[]fx.Option{fx.Provide(fx.Annotate(func(*tenant) check { return "" }, fx.ResultTags(`group:"checks"`))), gets()}, "member of a value group"},
		"are empty where nobody gives a member":         {[]fx.Option{gets()}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, err := newHost(t, test.opts...)
			if err == nil {
				err = h.run(t)
			}
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestAFunctionGivenToTheContainerTakesAGroupOfTheHost(t *testing.T) {
	t.Parallel()
	t.Run("which a definition asks for", func(t *testing.T) {
		t.Parallel()
		h, err := newHost(t, hostCheck("a"), gets("a"))
		if err != nil {
			t.Fatal(err)
		}
		if err := h.container.Invoke(t.Context(), func(in checksIn) error {
			if !slices.Equal(in.Checks, []check{"a"}) {
				return fmt.Errorf("got %v", in.Checks)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	t.Run("of which a resource is a member", func(t *testing.T) {
		t.Parallel()
		h, err := newHost(t, hostCheck("a"), resourceCheck("b"))
		if err != nil {
			t.Fatal(err)
		}
		if err := h.container.Invoke(t.Context(), func(in checksIn) error {
			if !slices.Equal(in.Checks, []check{"b", "a"}) {
				return fmt.Errorf("got %v", in.Checks)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	t.Run("and is refused where none does", func(t *testing.T) {
		t.Parallel()
		h, err := newHost(t, hostCheck("a"))
		if err != nil {
			t.Fatal(err)
		}
		err = h.container.Invoke(t.Context(), func(checksIn) {})
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "no definition asks the host application for") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAFunctionOutsideGetsNoGroupOfAModule(t *testing.T) {
	t.Parallel()
	h, err := newHost(t,
		fx.Module("one", privateCheck("one"), assets.NewJob("one", assets.NewOp("one", func(checksIn) {}))),
		fx.Module("two", privateCheck("two"), assets.NewJob("two", assets.NewOp("two", func(checksIn) {}))))
	if err != nil {
		t.Fatal(err)
	}
	err = h.container.Invoke(t.Context(), func(checksIn) {})
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "differs between modules") {
		t.Errorf("got %v", err)
	}
}

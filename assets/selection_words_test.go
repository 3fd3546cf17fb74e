package assets_test

import (
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
)

func TestWhatASelectionCannotNameIsRefused(t *testing.T) {
	t.Parallel()
	type both struct {
		fx.Out

		First  int8  `name:"or"`
		Second int16 `name:"fine"`
	}
	for name, test := range map[string]struct {
		asset assets.Definition
		want  string
	}{
		"an asset called not":         {assets.New("not", func() int { return 1 }), `its key "not" is a word of the selection language`},
		"an asset called and":         {assets.New("and", func() int { return 1 }), `its key "and" is a word of the selection language`},
		"an asset called or":          {assets.New("or", func() int { return 1 }), `its key "or" is a word of the selection language`},
		"one of several called or":    {assets.New("several", func() both { return both{} }), `its key "or" is a word of the selection language`},
		"a group with a space":        {assets.New("one", func() int { return 1 }, assets.InGroup("my group")), `its group "my group" cannot be selected`},
		"a group with a comma":        {assets.New("one", func() int { return 1 }, assets.InGroup("a,b")), `its group "a,b" cannot be selected`},
		"a group that is empty":       {assets.New("one", func() int { return 1 }, assets.InGroup("")), `its group is empty: give assets.InGroup a name`},
		"a tag with a plus":           {assets.New("one", func() int { return 1 }, assets.Tags("fine", "c++")), `its tag "c++" cannot be selected`},
		"a tag with parentheses":      {assets.New("one", func() int { return 1 }, assets.Tags("f(x)")), `its tag "f(x)" cannot be selected`},
		"a tag that is empty":         {assets.New("one", func() int { return 1 }, assets.Tags("")), `one of its tags is empty`},
		"an owner that is empty":      {assets.New("one", func() int { return 1 }, assets.Owners("team", "")), `one of its owners is empty`},
		"a tag with a line separator": {assets.New("one", func() int { return 1 }, assets.Tags("a\u2028b")), `cannot be selected`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := assets.NewGraph(newContainer(t), test.asset)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestWhatLooksLikeAWordCanBeSelected(t *testing.T) {
	t.Parallel()
	graph, err := assets.NewGraph(newContainer(t),
		assets.New("2", func() int8 { return 1 }),
		assets.New("3", func(int8) int16 { return 1 }),
		assets.New("nothing", func() int { return 1 }, assets.InGroup("not"), assets.Tags("or", "a:b")),
		assets.New("and/or", func() string { return "" }),
		assets.New("NOT", func() bool { return true }),
	)
	if err != nil {
		t.Fatal(err)
	}
	for selection, want := range map[string]string{
		"2": "2", "2+": "2 3", "+3": "2 3", "1+3": "2 3", "nothing": "nothing", "group:not": "nothing", "tag:or": "nothing", "tag:a:b": "nothing",
		"and/or": "and/or", "NOT": "NOT",
	} {
		got, err := graph.Select(selection)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s selects %q, %v, want %q", selection, got, err, want)
		}
	}
}

func TestAssetsOfOneFunctionAreSelectedAndExcludedTogether(t *testing.T) {
	t.Parallel()
	type both struct {
		fx.Out

		First  int8  `name:"m1"`
		Second int16 `name:"m2"`
	}
	graph, err := assets.NewGraph(newContainer(t),
		assets.New("a", func() int { return 1 }),
		assets.New("multi", func(int) both { return both{} }),
		assets.New("d1", func(int8) string { return "" }),
		assets.New("d2", func(int16) bool { return true }),
	)
	if err != nil {
		t.Fatal(err)
	}
	for selection, want := range map[string]string{
		"m1": "m1 m2", "* and not m1": "a d1 d2", "not m2": "a d1 d2", "not multi": "a d1 d2", "m1 and m2": "m1 m2", "not (m1 or d1)": "a d2",
		"a+1 and not m1": "a", "+d1 and m2": "m1 m2", "m1+ and not m2": "d1 d2", "a or m1 and not d2": "a m1 m2",
	} {
		got, err := graph.Select(selection)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s selects %q, %v, want %q", selection, got, err, want)
		}
	}
	for _, selection := range []string{"m1 and not m2", "a and m1"} {
		if got, err := graph.Select(selection); err != nil || len(got) > 0 {
			t.Errorf("%s selects %q, %v, want nothing", selection, got, err)
		}
	}
}

func TestAJobThatSelectsNothingIsRefused(t *testing.T) {
	t.Parallel()
	_, err := assets.NewGraph(newContainer(t), assets.New("a", func() int { return 1 }), assets.New("b", func() string { return "" }),
		assets.NewJob("j", assets.Select("a and b")))
	if err == nil || !strings.Contains(err.Error(), `its selection "a and b" holds no asset`) {
		t.Errorf("got %v", err)
	}
}

package assets_test

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

type (
	monthRow struct{ Month string }
	month    []monthRow
	quarter  int
)

// months are tables that a loop makes, in an order that is not that of their keys.
func months(group string) []assets.Asset {
	var made []assets.Asset
	var options []assets.Option
	if group != "" {
		options = append(options, assets.InGroup(group))
	}
	for _, name := range []string{"mar", "jan", "feb"} {
		made = append(made, assets.New("raw/"+name, func() month { return month{{name}} }, options...))
	}
	return made
}

// monthsInFx takes the group as Fx does, by key, and as streams.
type monthsInFx struct {
	fx.In
	All     []month                      `group:"raw"`
	ByKey   map[string]month             `group:"raw"`
	Streams []iter.Seq2[monthRow, error] `group:"raw"`
}

func TestAFunctionTakesAGroupOfAssets(t *testing.T) {
	t.Parallel()
	var got monthsInFx
	g, err := assets.NewGraph(newContainer(t), assets.Set(months("raw")...), assets.New("union", func(in monthsInFx) error {
		got = in
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := g.Plan("*")
	if err != nil {
		t.Fatal(err)
	}
	step := plan.Steps[len(plan.Steps)-1]
	t.Run("and comes after all of them", func(t *testing.T) {
		t.Parallel()
		if diff := cmp.Diff([]string{"raw/feb", "raw/jan", "raw/mar"}, step.Needs); step.Key != "union" || diff != "" {
			t.Errorf("step %s needs (-want +got):\n%s", step.Key, diff)
		}
		description, _, err := g.Asset("union")
		if diff := cmp.Diff([]string{"raw/feb", "raw/jan", "raw/mar"}, description.Upstream); err != nil || diff != "" {
			t.Errorf("upstream (-want +got):\n%s%v", diff, err)
		}
	})
	var inputs []reflect.Value
	for _, input := range step.Inputs {
		rows := month{{strings.TrimPrefix(input.Key, "raw/")}}
		if input.As == reflect.TypeFor[month]() {
			inputs = append(inputs, reflect.ValueOf(rows))
			continue
		}
		inputs = append(inputs, reflect.ValueOf(iter.Seq2[monthRow, error](func(yield func(monthRow, error) bool) {
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		})))
	}
	if _, err := call(t.Context(), step, nil, nil, inputs); err != nil {
		t.Fatal(err)
	}
	t.Run("as a slice in the order of keys", func(t *testing.T) {
		t.Parallel()
		if diff := cmp.Diff([]month{{{"feb"}}, {{"jan"}}, {{"mar"}}}, got.All); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("as a map by keys", func(t *testing.T) {
		t.Parallel()
		want := map[string]month{"raw/jan": {{"jan"}}, "raw/feb": {{"feb"}}, "raw/mar": {{"mar"}}}
		if diff := cmp.Diff(want, got.ByKey); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("as streams of their rows", func(t *testing.T) {
		t.Parallel()
		var names []string
		for _, stream := range got.Streams {
			for row, err := range stream {
				names = append(names, row.Month+fmt.Sprint(err))
			}
		}
		if want := []string{"feb<nil>", "jan<nil>", "mar<nil>"}; !slices.Equal(names, want) {
			t.Errorf("got %v", names)
		}
	})
}

func TestWhatIsWrongWithAGroupOfAssets(t *testing.T) {
	t.Parallel()
	type raw struct {
		fx.In
		All []month `group:"raw"`
	}
	type rwa struct {
		fx.In
		All []month `group:"rwa"`
	}
	type keyed struct {
		fx.In
		All map[string]month `group:"nobody"`
	}
	type handler struct{}
	type handlers struct {
		fx.In
		All map[string]handler `group:"handlers"`
	}
	type handlerOut struct {
		fx.Out
		Handler handler `group:"handlers"`
	}
	type monthOut struct {
		fx.Out
		Month month `group:"raw"`
	}
	union := assets.New("union", func(raw) error { return nil })
	for name, test := range map[string]struct {
		resources []container.Definition
		assets    []assets.Definition
		want      string
	}{
		"a member of another type": {
			nil,
			[]assets.Definition{assets.Set(months("raw")...), union, assets.New("total", func() quarter { return 1 }, assets.InGroup("raw"))},
			"asset total of the group has the type assets_test.quarter",
		},
		"a member that stores its own data": {
			nil,
			[]assets.Definition{assets.Set(months("raw")...), union, assets.New("own", func() error { return nil }, assets.InGroup("raw"))},
			"asset own of the group stores its data itself",
		},
		"the taker as a member": {
			nil,
			[]assets.Definition{assets.Set(months("raw")...), assets.New("union", func(raw) month { return nil }, assets.InGroup("raw"))},
			"is a member of the group itself",
		},
		"a cycle": {
			nil,
			[]assets.Definition{
				assets.Set(months("raw")...), assets.New("union", func(raw) quarter { return 0 }),
				assets.New("late", func(quarter) month { return nil }, assets.InGroup("raw")),
			},
			"late -> union -> late",
		},
		"a name that is mistyped": {
			nil, []assets.Definition{assets.Set(months("raw")...), assets.New("union", func(rwa) error { return nil })}, `"raw"`,
		},
		"a name that nobody uses": {
			nil, []assets.Definition{assets.Set(months("")...), union}, "by assets.InGroup",
		},
		"a map without members": {
			nil, []assets.Definition{assets.New("union", func(keyed) error { return nil })}, "has no members",
		},
		"members that are resources too": {
			[]container.Definition{container.Provide("month", func() monthOut { return monthOut{} })},
			[]assets.Definition{assets.Set(months("raw")...), union},
			"from resources",
		},
		"a map of members that are resources": {
			[]container.Definition{container.Provide("handler", func() handlerOut { return handlerOut{} })},
			[]assets.Definition{assets.New("union", func(handlers) error { return nil })},
			"as a map",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := assets.NewGraph(newContainer(t, test.resources...), test.assets...)
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

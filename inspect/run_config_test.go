package inspect_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

func TestTheConfigOfARunSaysWhereEachValueCameFrom(t *testing.T) {
	t.Parallel()
	store := history.NewMemoryStore()
	field := func(of, path, source, variable, by string, secret bool) history.ConfigField {
		return history.ConfigField{Of: of, Path: path, Source: source, Variable: variable, GivenBy: by, Secret: secret}
	}
	events := []history.Event{
		{RunID: "new", Time: time.Unix(0, 0), Data: history.RunQueued{}},
		{RunID: "new", Time: time.Unix(0, 0), Data: history.RunStarting{ConfigOmitted: 2, Config: []history.ConfigField{
			field("resources.shop", "a", "default", "", "", false),
			field("resources.shop", "b", "zero", "SHOP_B", "", true),
			field("resources.shop", "c", "env", "SHOP_C", "", true),
			field("steps.sales", "d", "launch", "", "--set", false),
			field("steps.sales", "e", "launch", "SHOP_E", "job nightly", false),
			field("steps.sales", "f", "launch", "", "", false),
		}}},
		{RunID: "queued", Time: time.Unix(0, 0), Data: history.RunQueued{}},
		{RunID: "old", Time: time.Unix(0, 0), Data: history.RunQueued{}},
		{RunID: "old", Time: time.Unix(0, 0), Data: history.RunStarting{Owner: "host/1/abc"}},
	}
	if _, err := store.Append(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	inspector := inspect.New(nil, nil, store)
	got, err := inspector.RunConfig(t.Context(), "new")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, part := range got.Parts {
		for _, field := range part.Fields {
			set := " set "
			if !field.Set {
				set = " unset "
			}
			told = append(told, part.Of+"."+field.Path+set+field.From)
		}
	}
	want := []string{
		"resources.shop.a set default", "resources.shop.b unset not set", "resources.shop.c set environment SHOP_C",
		"steps.sales.d set --set", "steps.sales.e set job nightly, environment SHOP_E", "steps.sales.f set launch",
	}
	if diff := cmp.Diff(want, told); diff != "" || !got.Known || got.Omitted != 2 {
		t.Errorf("the config differs (-want +got):\n%s%+v", diff, got)
	}
	if _, err := inspector.RunConfig(t.Context(), "none"); !errors.Is(err, history.ErrNotFound) {
		t.Errorf("the config of a run that does not exist: %v", err)
	}
	for _, id := range []string{"queued", "old"} {
		if got, err := inspector.RunConfig(t.Context(), id); err != nil || got.Known || got.Parts == nil {
			t.Errorf("the config of run %s is %+v, %v", id, got, err)
		}
	}
}

package assets_test

import (
	"fmt"
	"strings"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

type (
	Clicks   []string
	Visits   []string
	Sessions []string
)

// A plan is made of a selection. It is pure data: nothing has run yet.
func ExampleGraph_Plan() {
	c, err := container.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	graph, err := assets.NewGraph(c,
		assets.New("raw/clicks", func() Clicks { return nil }, assets.InGroup("raw")),
		assets.New("raw/visits", func() Visits { return nil }, assets.InGroup("raw")),
		assets.New("sessions", func(Clicks, Visits) Sessions { return nil }),
		assets.New("audit", func(Sessions) error { return nil }),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, selection := range []string{"1+sessions", "sessions+", "group:raw and not raw/visits", "sesions"} {
		plan, err := graph.Plan(selection)
		if err != nil {
			fmt.Println(err)
			continue
		}
		var steps []string
		for _, step := range plan.Steps {
			steps = append(steps, step.Key)
		}
		fmt.Printf("%s: %s\n", selection, strings.Join(steps, ", "))
	}
	// Output:
	// 1+sessions: raw/clicks, raw/visits, sessions
	// sessions+: sessions, audit
	// group:raw and not raw/visits: raw/clicks
	// selecting "sesions": there is no asset "sesions", did you mean "sessions"?
}

// Where two assets have one type, the name tag of an fx.In field says which.
func ExampleNew_names() {
	c, err := container.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	type params struct {
		fx.In
		Old Clicks `name:"clicks/old"`
		New Clicks `name:"clicks/new"`
	}
	graph, err := assets.NewGraph(c,
		assets.New("clicks/old", func() Clicks { return nil }),
		assets.New("clicks/new", func() Clicks { return nil }),
		assets.New("gone", func(p params) (int, error) { return len(p.Old) - len(p.New), nil }),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	description, _, err := graph.Asset("gone")
	fmt.Println(description.Upstream, err)

	_, err = assets.NewGraph(c,
		assets.New("clicks/old", func() Clicks { return nil }),
		assets.New("clicks/new", func() Clicks { return nil }),
		assets.New("count", func(clicks Clicks) int { return len(clicks) }),
	)
	_, fault, _ := strings.Cut(err.Error(), "): ")
	fmt.Println(fault)
	// Output:
	// [clicks/new clicks/old] <nil>
	// it needs assets_test.Clicks, which assets clicks/new and clicks/old give: say which by a tag in an fx.In struct, name:"clicks/new" or name:"clicks/old"
}

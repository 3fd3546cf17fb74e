package inspect_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fxrun/fxrun/internal/resource"

	"github.com/fxrun/fxrun/internal/goldentest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/internal/picture/picturetest"
)

type (
	bucket   struct{}
	store    interface{ Get() string }
	resA     struct{}
	resB     struct{}
	report   struct{}
	service  struct{}
	database struct{}
	cache    struct{}
	unused   struct{}
)

func (*bucket) Get() string { return "" }

// inHost builds a container from an Fx application, as package fxrun does.
func inHost(t *testing.T, opts ...fx.Option) (*container.Container, error) {
	t.Helper()
	var c *container.Container
	var wrong error
	app := fx.New(append(slices.Clone(opts), fx.NopLogger, fx.Invoke(func(in struct {
		fx.In
		Definitions []container.Definition `group:"fxrun.container"`
		Found       []host.Found           `group:"fxrun.host"`
	},
	) {
		c, wrong = container.New(append(in.Definitions, resource.FromHost(in.Found))...)
	}))...)
	if err := app.Err(); err != nil {
		t.Fatal(err)
	}
	return c, wrong
}

// kitchen is a graph with one of everything: a diamond, a resource that the
// host application has a value for, an interface, one that nothing needs.
func kitchen(t *testing.T) *container.Container {
	t.Helper()
	c, err := inHost(t,
		fx.Options(
			container.Provide("bucket", func(*unused) *bucket { return nil }, container.As[store](),
				container.Describe("where files \"are\" <kept>; a bucket\nnot shown")),
			container.Provide("clock", func() *resA { return nil }, container.PerProcess(), container.Eager()),
			container.Provide("scratch", func(*resA) *resB { return nil }, container.PerStep()),
			container.Provide("report", func(*service, *database, store) *report { return nil },
				container.Describe("a page with a description that goes on for so long that nobody would want to read all of it in a picture")),
			container.Provide("service", func(*cache) *service { return nil }),
			container.Provide("database", func() *database { return nil }),
			container.Provide("cache", func(*database) *cache { return nil }),
			container.Provide("unused", func() *unused { return nil }),
		),
		fx.Replace(&bucket{}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func handlerTargets(t *testing.T, c *container.Container) []*container.Target {
	t.Helper()
	var targets []*container.Target
	for name, fn := range map[string]any{
		"GET /report":  func(*report) {},
		"GET /storage": func(store, *cache) {},
		"end":          func() {},
	} {
		target, err := c.Target(name, fn)
		if err != nil {
			t.Fatal(err)
		}
		targets = append(targets, target) // in any order
	}
	return targets
}

func TestResourcePicture(t *testing.T) {
	t.Parallel()
	c := kitchen(t)
	picture := inspect.ResourcePicture(c, handlerTargets(t, c)...)

	t.Run("Mermaid is as in the golden file", func(t *testing.T) { goldentest.File(t, "resources.mmd", picture.Mermaid()) })
	t.Run("DOT is as in the golden file", func(t *testing.T) { goldentest.File(t, "resources.dot", picture.DOT()) })
	t.Run("the order of nodes and needs does not matter", func(t *testing.T) { picturetest.Shuffle(t, picture) })
	t.Run("what is replaced is needed by its users and needs nothing", func(t *testing.T) {
		for _, node := range picture.Nodes {
			switch node.ID {
			case "resource bucket":
				if !node.Replaced || len(node.Needs) > 0 {
					t.Errorf("got %+v", node)
				}
			case "resource report":
				if diff := cmp.Diff([]string{"resource bucket", "resource database", "resource service"}, node.Needs); diff != "" {
					t.Error(diff)
				}
			case "GET /storage":
				if diff := cmp.Diff([]string{"resource bucket", "resource cache"}, node.Needs); diff != "" {
					t.Error(diff)
				}
			}
		}
	})
	t.Run("Graphviz draws it", func(t *testing.T) { picturetest.Graphviz(t, picture) })
	t.Run("without targets it is the resources, by key", func(t *testing.T) {
		var keys []string
		for _, node := range inspect.ResourcePicture(c).Nodes {
			keys = append(keys, node.Key)
		}
		if diff := cmp.Diff([]string{"bucket", "cache", "clock", "database", "report", "scratch", "service", "unused"}, keys); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPictureOfAScope(t *testing.T) {
	t.Parallel()
	subject := newShop(t)
	for name, test := range map[string]struct {
		scope inspect.Scope
		want  map[string][]string
	}{
		"of all definitions it has every asset and every resource": {
			inspect.Scope{}, map[string][]string{
				"asset orders": {"resource io_manager", "resource warehouse"}, "asset revenue": {"asset orders", "resource io_manager"},
				"asset greeting": {"resource io_manager"}, "asset split": {"resource io_manager"},
				"resource io_manager": nil, "resource warehouse": {"resource pool"}, "resource pool": nil, "resource idle": nil,
			},
		},
		"of a selection it has what the steps lead to": {
			inspect.Scope{Selection: "revenue"}, map[string][]string{
				"asset revenue": {"asset orders", "resource io_manager"}, "resource io_manager": nil,
			},
		},
		"of a job of ops it has the ops, which need the assets that they load": {
			inspect.Scope{Job: "cleanup"}, map[string][]string{
				"op find": {"asset orders", "resource io_manager"}, "op remove": {"op find", "resource io_manager", "resource pool"},
				"resource io_manager": nil, "resource pool": nil,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			picture, err := subject.Picture(test.scope)
			if err != nil {
				t.Fatal(err)
			}
			got := make(map[string][]string)
			for _, node := range picture.Nodes {
				got[node.ID] = node.Needs
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("a step that makes several values lists them", func(t *testing.T) {
		picture, err := subject.Picture(inspect.Scope{Selection: "left"})
		if err != nil {
			t.Fatal(err)
		}
		want := []inspect.PictureValue{{Key: "left", Type: "int"}, {Key: "right", Type: "string"}}
		if diff := cmp.Diff(want, picture.Nodes[0].Makes); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("an unknown job is bad input", func(t *testing.T) {
		_, err := subject.Picture(inspect.Scope{Job: "nightli"})
		mustBeInvalid(t, err, `did you mean "nightly"`)
	})
}

// API is a service.
type API struct{}

// Warehouse is where results go.
type Warehouse struct{}

func ExampleResourcePicture() {
	c, err := container.New(
		container.Provide("warehouse", func(*API) *Warehouse { return nil }),
		container.Provide("api", func() *API { return nil }, container.Describe("the shop's API")),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	load, err := c.Target("load", func(*Warehouse) {})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(inspect.ResourcePicture(c, load).Mermaid())
	// Output:
	// flowchart LR
	// 	%% level 0
	// 	resource_api("<b>api</b><br/>#42;inspect_test.API<br/>the shop's API")
	// 	%% level 1
	// 	resource_warehouse("<b>warehouse</b><br/>#42;inspect_test.Warehouse")
	// 	%% level 2
	// 	target_load("<b>load</b>")
	// 	resource_warehouse --> resource_api
	// 	target_load -.-> resource_warehouse
	// 	classDef kind_0 fill:#fef6e4,stroke:#b7791f,color:#111827
	// 	class resource_api,resource_warehouse kind_0
	// 	classDef kind_1 fill:#e8f1fd,stroke:#2563a8,color:#111827
	// 	class target_load kind_1
}

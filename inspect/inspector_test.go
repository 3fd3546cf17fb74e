package inspect_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/history"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	orders     []string
	revenue    int
	greeting   string
	found      []string
	pool       struct{}
	idle       struct{}
	warehouse  struct{}
	stepConfig struct {
		Name string `default:"world"`
	}
	warehouseConfig struct {
		Table    string `required:"true"`
		Password container.Secret[string]
	}
	halves struct {
		fx.Out

		Left  int    `name:"left"`
		Right string `name:"right"`
	}
)

// shop is an inspector with what it is made from.
type shop struct {
	*inspect.Inspector
	launcher *runs.Launcher
	store    *counting
}

// counting is a store that counts what it is asked.
type counting struct {
	*history.MemoryStore
	queries int
}

func (c *counting) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	c.queries++
	return c.MemoryStore.Events(ctx, query)
}

func (c *counting) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	c.queries++
	return c.MemoryStore.Runs(ctx, query)
}

func (c *counting) LatestMaterializations(ctx context.Context, assets []string) (map[string]history.Event, error) {
	c.queries++
	return c.MemoryStore.LatestMaterializations(ctx, assets)
}

// newShop has a bit of everything: assets with and without config, one function
// that makes two, a job of assets, a job of ops, and a resource that nothing
// needs.
func newShop(t *testing.T) shop {
	t.Helper()
	c, err := container.New(
		iomanagers.Memory("io_manager"),
		container.Provide("pool", func() *pool { return &pool{} }),
		container.Provide("idle", func() *idle { return &idle{} }),
		container.Provide("warehouse", func(warehouseConfig, *pool) *warehouse { return &warehouse{} }, container.Config(warehouseConfig{}, container.FromEnv("INSPECT_TEST"))),
	)
	if err != nil {
		t.Fatal(err)
	}
	graph, err := assets.NewGraph(c,
		assets.New("orders", func(*warehouse) orders { return orders{"a", "b"} }),
		assets.New("revenue", func(o orders) revenue { return revenue(len(o)) }, assets.Retry(2, nil)),
		assets.New("greeting", func(cfg stepConfig) greeting { return greeting(cfg.Name) }, assets.Config(stepConfig{})),
		assets.New("split", func() halves { return halves{Left: 1, Right: "r"} }),
		assets.NewJob("nightly", assets.Select("+revenue"), assets.LaunchDefaults(container.RunConfig{
			Resources: map[string]any{"warehouse": container.Fields{"table": "nightly"}},
		})),
		assets.NewJob("cleanup",
			assets.NewOp("find", func(o orders) found { return found(o) }),
			assets.NewOp("remove", func(found, *pool) error { return nil })),
	)
	if err != nil {
		t.Fatal(err)
	}
	store := &counting{MemoryStore: history.NewMemoryStore()}
	launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: graph, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := launcher.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return shop{inspect.New(c, graph, store), launcher, store}
}

// run runs a request and returns the run's ID.
func (s shop) run(t *testing.T, request runs.Request) string {
	t.Helper()
	run, err := s.launcher.Launch(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	return run.ID()
}

// mustBeInvalid checks an error that a person can mend.
func mustBeInvalid(t *testing.T, err error, text string) {
	t.Helper()
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want an error that matches container.ErrInvalid and has %q", err, text)
	}
}

func TestInspectorWithoutAStoreHasAnEmptyHistory(t *testing.T) {
	t.Parallel()
	c, err := container.New()
	if err != nil {
		t.Fatal(err)
	}
	graph, err := assets.NewGraph(c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = inspect.New(c, graph, nil).FindRun(t.Context(), "")
	mustBeInvalid(t, err, "there are no runs yet")
}

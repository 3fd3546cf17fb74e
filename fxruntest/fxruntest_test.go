package fxruntest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	shop      struct{ cents []int }
	order     struct{ ID, Cents int }
	revenue   int
	discount  struct{ Percent int }
	published string
	limit     int
)

type shopConfig struct {
	Password container.Secret[string] `required:"true"`
}

func definitions() fx.Option {
	return fx.Options(
		container.Provide("shop", func(lc fx.Lifecycle, cfg shopConfig) (*shop, error) {
			return nil, errors.New("there is no shop here")
		}, container.Config(shopConfig{}, container.AtLaunch("Password"))),
		iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: "/never/written"}),
		assets.New("orders", func(s *shop) iter.Seq2[order, error] {
			return func(yield func(order, error) bool) {
				for i, cents := range s.cents {
					if !yield(order{i, cents}, nil) {
						return
					}
				}
			}
		}),
		assets.New("revenue", computeRevenue, assets.Config(discount{})),
		assets.New("published", func(r revenue) (published, error) {
			if r == 0 {
				return "", errors.New("nothing to publish")
			}
			return published(fmt.Sprint(r)), nil
		}),
		assets.New("mailed", func(*shop) error { return nil }, assets.After("published")),
		assets.NewJob("cleanup", assets.NewOp("delete", func(*shop) error { return nil })),
	)
}

func computeRevenue(ctx context.Context, step *assets.Context, orders []order, cfg discount) (revenue, error) {
	var sum int
	for _, o := range orders {
		sum += o.Cents
	}
	step.AddMetadata("orders", len(orders))
	step.Logger().InfoContext(ctx, "computed")
	return revenue(sum - sum*cfg.Percent/100), nil
}

func TestMaterialize(t *testing.T) {
	t.Parallel()
	t.Run("runs a selection with a fake, in memory", func(t *testing.T) {
		t.Parallel()
		result := fxruntest.Materialize(t, "*", definitions(), fx.Replace(&shop{cents: []int{100, 300}}))
		if got := fxruntest.Value[revenue](t, result); got != 400 {
			t.Errorf("got %d", got)
		}
		if got := fxruntest.ValueOf[[]order](t, result, "orders"); len(got) != 2 {
			t.Errorf("got %v", got)
		}
		if materialized, ok := result.Materialization("revenue"); !ok || fmt.Sprint(materialized.Metadata["orders"]) != "2" {
			t.Errorf("got %+v", materialized)
		}
		if logs := fxruntest.EventsOf[history.LogWritten](result); len(logs) != 1 || logs[0].Message != "computed" {
			t.Errorf("got %+v", logs)
		}
		if started := fxruntest.EventsOf[history.ResourceStarted](result); len(started) != 0 {
			t.Errorf("neither the shop nor the files are needed, started %+v", started)
		}
	})

	t.Run("takes given values, config and tags", func(t *testing.T) {
		t.Parallel()
		result := fxruntest.Materialize(t, "revenue", definitions(),
			fxruntest.Given("orders", []order{{1, 100}, {2, 100}}),
			fxruntest.Config(container.RunConfig{Steps: map[string]any{"revenue": discount{Percent: 50}}}),
			fxruntest.Tag("why", "test"))
		if got := fxruntest.Value[revenue](t, result); got != 100 || result.Record.Tags["why"] != "test" {
			t.Errorf("got %d, %v", got, result.Record.Tags)
		}
		if _, ok := result.Materialization("orders"); ok {
			t.Error("orders were given, not made")
		}
	})

	t.Run("lets the later of several options count", func(t *testing.T) {
		t.Parallel()
		for range 20 { // Fx shuffles the members of a group
			tags := map[string]string{"why": "request", "who": "request"}
			result, err := fxruntest.Try(t, runs.Request{Selection: "revenue", Tags: tags}, definitions(),
				fxruntest.Given("orders", []order{{1, 7}}), fxruntest.Given("orders", []order{{1, 100}}),
				fxruntest.Config(container.RunConfig{Steps: map[string]any{"revenue": discount{Percent: 10}}}),
				fxruntest.Config(container.RunConfig{Steps: map[string]any{"revenue": discount{Percent: 50}}}),
				fxruntest.Tag("why", "first"), fxruntest.Tag("why", "second"))
			if err != nil {
				t.Fatal(err)
			}
			if got := fxruntest.Value[revenue](t, result); got != 50 {
				t.Fatalf("got %d", got)
			}
			if diff := cmp.Diff(map[string]string{"why": "second", "who": "request"}, result.Record.Tags); diff != "" {
				t.Fatal(diff)
			}
			if tags["why"] != "request" {
				t.Fatal("the request's own map was changed")
			}
		}
	})

	t.Run("takes a stream as a given value", func(t *testing.T) {
		t.Parallel()
		var stream iter.Seq2[order, error] = func(yield func(order, error) bool) {
			_ = yield(order{1, 100}, nil) && yield(order{2, 20}, nil)
		}
		result := fxruntest.Materialize(t, "revenue", definitions(), fxruntest.Given("orders", stream))
		if got := fxruntest.Value[revenue](t, result); got != 120 {
			t.Errorf("got %d", got)
		}
	})

	t.Run("runs a job", func(t *testing.T) {
		t.Parallel()
		result := fxruntest.RunJob(t, "cleanup", definitions(), fx.Replace(&shop{cents: []int{1}}))
		if diff := cmp.Diff(map[string]history.StepStatus{"delete": "succeeded"}, result.Statuses()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTry(t *testing.T) {
	t.Parallel()
	t.Run("gives the run's error and what it left", func(t *testing.T) {
		t.Parallel()
		result, err := fxruntest.Try(t, runs.Request{Selection: "published+"}, definitions(),
			fxruntest.Given("revenue", revenue(0)), fx.Replace(&shop{cents: []int{1}}))
		if err == nil || !strings.Contains(err.Error(), "materializing published: nothing to publish") {
			t.Errorf("got %v", err)
		}
		if diff := cmp.Diff(map[string]history.StepStatus{"published": "failed", "mailed": "skipped"}, result.Statuses()); diff != "" {
			t.Error(diff)
		}
	})

	type limitOut struct {
		fx.Out
		Limit limit `group:"limits"`
	}
	type limitsIn struct {
		fx.In
		Limits []limit `group:"limits"`
	}
	type optionalShop struct {
		fx.In
		Shop *shop `optional:"true"`
	}
	grouped := []fx.Option{
		container.Provide("member", func() limitOut { return limitOut{Limit: 3} }),
		assets.New("checked", func(in limitsIn) error { return nil }),
	}
	for _, test := range []struct {
		name      string
		selection string
		opts      []fx.Option
		want      string
	}{
		{"an unknown selection", "revnue", nil, `did you mean "revenue"?`},
		{"an unknown given asset", "revenue", []fx.Option{fxruntest.Given("ordrs", []order{})}, `did you mean "orders"?`},
		{"a given value of another type", "revenue", []fx.Option{fxruntest.Given("orders", 3)}, "asset orders: it is a iter.Seq2[github.com/fxrun/fxrun/fxruntest_test.order,error], and a int was given"},
		{"a given value of a function that stores its own", "revenue", []fx.Option{fxruntest.Given("mailed", 3)}, "has no value to give"},
		{"a given value that the run computes", "revenue", []fx.Option{fxruntest.Given("revenue", revenue(3))}, "the run computes it"},
		{"missing config", "orders", nil, "resources.shop.config.password: missing"},
		{"a fake of another type than the resource's", "orders", []fx.Option{fx.Replace(shop{cents: []int{1}})}, "fx.Replace gives fxruntest_test.shop, which nothing here takes; resource shop is *fxruntest_test.shop"},
		{"a fake of another type, with a logger of the application", "orders", []fx.Option{fx.NopLogger, fx.Replace(shop{cents: []int{1}})}, "fx.Replace gives fxruntest_test.shop, which nothing here takes; resource shop is *fxruntest_test.shop"},
		{"a fake of what nobody has", "orders", []fx.Option{fx.Replace(&order{1, 2})}, "fx.Replace gives *fxruntest_test.order, which nothing here takes; for an interface"},
		{"an asset that would launch runs", "orders", []fx.Option{
			fx.Provide(func(*runs.Launcher) *limit { return nil }), assets.New("nightly", func(*limit) error { return nil }),
		}, "a definition takes something that the application builds from *runs.Launcher"},
		{"an asset that would use the daemon", "orders", []fx.Option{
			fxrun.Daemon, fx.Provide(func(*automation.Daemon) *limit { return nil }), assets.New("nightly", func(*limit) error { return nil }),
		}, "a definition takes something that the application builds from *automation.Daemon"},
		{"an asset that would know the schedules", "orders", []fx.Option{
			fx.Provide(func(*automation.Automations) *limit { return nil }), assets.New("nightly", func(*limit) error { return nil }),
		}, "a definition takes something that the application builds from *automation.Automations"},
		{"a fake that is nil", "orders", []fx.Option{fx.Replace((*shop)(nil))}, "fx.Replace gives nil for *fxruntest_test.shop, which Fx does not tell from no value: resource shop ("},
		{"a value of the application that is nil", "orders", []fx.Option{fx.Supply((*shop)(nil))}, "fx.Supply gives nil for *fxruntest_test.shop"},
		{"a fake by name that is nil", "orders", []fx.Option{fx.Replace(fx.Annotate((*shop)(nil), fx.ResultTags(`name:"shop"`)))}, `fx.Replace gives nil for *fxruntest_test.shop[name="shop"]`},
		{"a fake that is nil in a module", "orders", []fx.Option{fx.Module("m", fx.Replace((*shop)(nil)))}, "fx.Replace gives nil for *fxruntest_test.shop"},
		{"a fake that is zero in another module than the resource's", "*", []fx.Option{
			container.Supply("limit", limit(5)),
			fx.Module("m", fx.Replace(limit(0)), assets.New("limited", func(limit) error { return nil })),
		}, "fx.Replace gives the zero value of fxruntest_test.limit where it does not reach resource limit ("},
		{"a fake of an asset that is zero", "revenue", []fx.Option{fx.Replace(revenue(0))}, "fx.Replace gives the zero value of fxruntest_test.revenue, which does not take the place of asset revenue ("},
		{"an empty fake of a group of resources", "checked", append(grouped, fx.Replace(fx.Annotate([]limit{}, fx.ResultTags(`group:"limits"`)))), "fx.Replace changes fxruntest_test.limit[group=\"limits\"], of which resource member are members"},
		{"an empty group made of host members", "checked", append(grouped, fx.Provide(fx.Annotate(func() limit { return 1 }, fx.ResultTags(`group:"limits"`))),
			fx.Decorate(fx.Annotate(func([]limit) []limit { return []limit{} }, fx.ParamTags(`group:"limits"`), fx.ResultTags(`group:"limits"`)))), "of which resource member are members"},
		{"a decorator that asks optionally for a resource", "orders", []fx.Option{fx.Decorate(func(in optionalShop) *shop { return &shop{} })}, "asks for *fxruntest_test.shop, which resource shop gives"},
		{"wrong definitions", "orders", []fx.Option{assets.New("orders", func() int { return 1 })}, "asset orders is defined twice"},
	} {
		t.Run("refuses "+test.name, func(t *testing.T) {
			t.Parallel()
			result, err := fxruntest.Try(t, runs.Request{Selection: test.selection}, append(test.opts, definitions())...)
			if result != nil || !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v; want %s", result, err, test.want)
			}
		})
	}
}

func TestAZeroValueInPlaceOfAResourceIsUsed(t *testing.T) {
	t.Parallel()
	checked := assets.New("checked", func(l limit) error {
		if l != 0 {
			return fmt.Errorf("got %d", l)
		}
		return nil
	})
	real := container.Supply("limit", limit(5))
	for name, opts := range map[string][]fx.Option{
		"on the application":             {real, checked, fx.Replace(limit(0))},
		"where the resource is defined":  {fx.Module("m", real, fx.Replace(limit(0))), checked},
		"by a value of the application":  {real, checked, fx.Supply(limit(0))},
		"by a fake of what was supplied": {real, checked, fx.Supply(limit(3)), fx.Replace(limit(0))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fxruntest.Materialize(t, "*", opts...)
		})
	}
	t.Run("and a fake for what the application has as nil", func(t *testing.T) {
		t.Parallel()
		fxruntest.Materialize(t, "orders", definitions(), fx.Supply((*shop)(nil)), fx.Replace(&shop{cents: []int{1}}))
	})
}

func TestCall(t *testing.T) {
	t.Parallel()
	got := fxruntest.Call[revenue](t, func(ctx context.Context, step *assets.Context, orders []order) (revenue, error) {
		return computeRevenue(ctx, step, orders, discount{Percent: 10})
	}, fx.Supply([]order{{1, 100}}))
	if got != 90 {
		t.Errorf("got %d", got)
	}
	_, err := fxruntest.TryCall[revenue](t, func() (revenue, error) { panic("ouch") })
	if panicked, ok := errors.AsType[*container.PanicError](err); !ok || panicked == nil {
		t.Errorf("got %v", err)
	}
	got = fxruntest.Call[revenue](t, assets.New("revenue", computeRevenue, assets.Config(discount{})), fx.Supply([]order{{1, 100}}))
	if got != 100 {
		t.Errorf("with a config that says nothing, got %d", got)
	}
	type several struct {
		fx.Out
		Revenue revenue `name:"revenue"`
	}
	if _, err := fxruntest.TryCall[revenue](t, func() several { return several{} }); err == nil || !strings.Contains(err.Error(), "makes several assets") {
		t.Errorf("got %v", err)
	}
	fxruntest.Call[struct{}](t, func(*shop) error { return nil }, fx.Supply(&shop{cents: []int{1}}))
	if _, err := fxruntest.TryCall[revenue](t, computeRevenue); !errors.Is(err, container.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

package fxrun_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

type tenant struct{ name string }

// hostApp is an application that hosts definitions, started.
type hostApp struct {
	container *container.Container
	launcher  *runs.Launcher
}

func newHost(t *testing.T, opts ...fx.Option) (hostApp, error) {
	t.Helper()
	var h hostApp
	app := fx.New(fx.NopLogger, fxrun.Module, iomanagers.Memory("io_manager"), fx.Options(opts...),
		fx.Populate(&h.container, &h.launcher))
	if err := app.Err(); err != nil {
		return h, err
	}
	if err := app.Start(t.Context()); err != nil {
		return h, err
	}
	t.Cleanup(func() {
		if err := app.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return h, nil
}

// run runs all assets.
func (h hostApp) run(t *testing.T) error {
	t.Helper()
	run, err := h.launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if err != nil {
		return err
	}
	return run.Wait(t.Context())
}

// wants makes an asset that fails where it gets another tenant.
func wants(key, name string) assets.Asset {
	return assets.New(key, func(got *tenant) error {
		if got.name != name {
			return fmt.Errorf("%s got the tenant of %s", key, got.name)
		}
		return nil
	})
}

// desk is a resource that lives per run and takes a tenant.
type desk struct{ tenant *tenant }

func TestEachDefinitionGetsTheValuesOfItsModule(t *testing.T) {
	t.Parallel()
	named := func(name string) any {
		return func(lc fx.Lifecycle, got *tenant) (*desk, error) {
			if got.name != name {
				return nil, fmt.Errorf("%s got the tenant of %s", name, got.name)
			}
			return &desk{got}, nil
		}
	}
	type desks struct {
		fx.In
		One *desk `name:"one"`
		Two *desk `name:"two"`
	}
	decorated := func(name string) fx.Option {
		return fx.Decorate(func(*tenant) *tenant { return &tenant{name} })
	}
	for name, opts := range map[string][]fx.Option{
		"where each supplies a private one": {
			fx.Module("one", fx.Supply(&tenant{"one"}, fx.Private), wants("a", "one")),
			fx.Module("two", fx.Supply(&tenant{"two"}, fx.Private), wants("b", "two")),
		},
		"where one decorates the common one": {
			fx.Supply(&tenant{"root"}), wants("c", "root"),
			fx.Module("one", decorated("one"), wants("a", "one")),
			fx.Module("two", wants("b", "root")),
		},
		"where one replaces the common one": {
			fx.Supply(&tenant{"root"}),
			fx.Module("one", fx.Replace(&tenant{"one"}), wants("a", "one"), fx.Module("inner", wants("d", "one"))),
			wants("b", "root"),
		},
		"in resources": {
			fx.Module("one", fx.Supply(&tenant{"one"}, fx.Private), container.Provide("one", named("one"))),
			fx.Module("two", fx.Supply(&tenant{"two"}, fx.Private), container.Provide("two", named("two"), container.PerProcess())),
			assets.New("a", func(desks) error { return nil }),
		},
		"in sets and in jobs of ops": {
			fx.Module("one", fx.Supply(&tenant{"one"}, fx.Private), assets.Set(wants("a", "one"), wants("b", "one"))),
			fx.Module("two", fx.Supply(&tenant{"two"}, fx.Private), assets.Set(wants("c", "two"))),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, err := newHost(t, opts...)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.run(t); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("in a child that has options of Fx", func(t *testing.T) {
		t.Parallel()
		h, err := newHost(t,
			fx.Module("one", fx.Supply(&tenant{"one"}, fx.Private), container.Provide("one", named("one"))),
			fx.Module("two", fx.Supply(&tenant{"two"}, fx.Private), container.Provide("two", named("two"))))
		if err != nil {
			t.Fatal(err)
		}
		if err := h.container.Invoke(t.Context(), func(desks) {}, fx.Supply(3)); err != nil {
			t.Error(err)
		}
	})
	t.Run("in jobs of ops", func(t *testing.T) {
		t.Parallel()
		op := func(name string) assets.Op {
			return assets.NewOp("check", func(got *tenant) error {
				if got.name != name {
					return fmt.Errorf("%s got the tenant of %s", name, got.name)
				}
				return nil
			})
		}
		h, err := newHost(t,
			fx.Module("one", fx.Supply(&tenant{"one"}, fx.Private), assets.NewJob("one", op("one"))),
			fx.Module("two", fx.Supply(&tenant{"two"}, fx.Private), assets.NewJob("two", op("two"))))
		if err != nil {
			t.Fatal(err)
		}
		for _, job := range []string{"one", "two"} {
			run, err := h.launcher.Launch(t.Context(), runs.Request{Job: job})
			if err := errors.Join(err, run.Wait(t.Context())); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAValueOfAModuleDoesNotReachOtherModules(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts []fx.Option
		want string
	}{
		"a definition": {
			[]fx.Option{
				fx.Module("one", fx.Supply(&tenant{"one"}, fx.Private), wants("a", "one")),
				fx.Module("two", wants("b", "one")),
			},
			"asset b",
		},
		"one definition in two modules": {
			func() []fx.Option {
				shared := wants("a", "one")
				return []fx.Option{
					fx.Module("one", fx.Supply(&tenant{"one"}, fx.Private), shared),
					fx.Module("two", fx.Supply(&tenant{"two"}, fx.Private), shared),
				}
			}(),
			"two modules",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newHost(t, test.opts...)
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	t.Run("a function given to the container", func(t *testing.T) {
		t.Parallel()
		h, err := newHost(t,
			fx.Module("one", fx.Supply(&tenant{"one"}, fx.Private), wants("a", "one")),
			fx.Module("two", fx.Supply(&tenant{"two"}, fx.Private), wants("b", "two")))
		if err != nil {
			t.Fatal(err)
		}
		err = h.container.Invoke(t.Context(), func(*tenant) {})
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "different values") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nor if both are equal", func(t *testing.T) {
		t.Parallel()
		type labels map[string]int
		count := func(l labels) { l["count"]++ }
		h, err := newHost(t,
			fx.Module("one", fx.Supply(labels{}, fx.Private), container.Provide("db", func(l labels) *database { count(l); return &database{fmt.Sprint(l)} })),
			fx.Module("two", fx.Supply(labels{}, fx.Private), container.Provide("repo", func(l labels) *tenant { count(l); return &tenant{fmt.Sprint(l)} })))
		if err != nil {
			t.Fatal(err)
		}
		err = h.container.Invoke(t.Context(), func(db *database, repo *tenant) error {
			if db.name+repo.name != "map[count:1]map[count:1]" {
				return fmt.Errorf("got %s and %s", db.name, repo.name)
			}
			return nil
		}, fx.Module("m", fx.Invoke(func(*database, *tenant) {})))
		if err != nil {
			t.Error(err)
		}
		if err = h.container.Invoke(t.Context(), func(labels) {}); err == nil || !strings.Contains(err.Error(), "different values") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a function among the fx options of a child", func(t *testing.T) {
		t.Parallel()
		h, err := newHost(t,
			fx.Provide(func() *tenant { return &tenant{"outside"} }), wants("a", "outside"),
			fx.Module("one", fx.Decorate(func(*tenant) *tenant { return &tenant{"one"} }),
				container.Provide("db", func(*tenant) *database { t.Error("something was built"); return &database{} })))
		if err != nil {
			t.Fatal(err)
		}
		for _, option := range []fx.Option{fx.Invoke(func(*tenant) {}), fx.Decorate(func(got *tenant) *tenant { return got })} {
			err = h.container.Invoke(t.Context(), func(*database) {}, option)
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "different values") {
				t.Errorf("got %v", err)
			}
		}
	})
}

// limit is a resource whose zero value means something.
type limit int

// database is a resource that must not be opened where it is replaced.
type database struct{ name string }

type repository struct{ database *database }

// realDatabase makes a database that must not be opened.
func realDatabase(key string, opts ...container.Option) container.Resource {
	return container.Provide(key, func() (*database, error) { return nil, errors.New("the real database was opened") }, opts...)
}

func TestReplaceOnTheHostIsNeverIgnored(t *testing.T) {
	t.Parallel()
	fake := &database{"fake"}
	byName := func(name string) any { return fx.Annotate(fake, fx.ResultTags(`name:"`+name+`"`)) }
	repo := container.Provide("repo", func(db *database) *repository { return &repository{db} }, container.PerProcess())
	check := assets.New("check", func(db *database, repo *repository) error {
		if db != fake || repo.database != fake {
			return errors.New("somebody did not get the fake")
		}
		return nil
	})
	type both struct {
		fx.In
		Left  *database `name:"left"`
		Right *database `name:"right"`
	}
	checkBoth := assets.New("check", func(got both) error {
		if got.Left != fake || got.Right != fake {
			return errors.New("somebody did not get the fake")
		}
		return nil
	})
	two := fx.Options(realDatabase("left"), realDatabase("right"), checkBoth)
	for name, test := range map[string]struct {
		opts []fx.Option
		want string // of the error; "" for none
	}{
		"by type":                             {[]fx.Option{realDatabase("db", container.PerProcess()), repo, check, fx.Replace(fake)}, ""},
		"by name, for those that ask by type": {[]fx.Option{realDatabase("db", container.PerProcess()), repo, check, fx.Replace(byName("db"))}, ""},
		"of a type that two resources give":   {[]fx.Option{two, fx.Replace(fake)}, `name:"left"`},
		"of one of two by name":               {[]fx.Option{two, fx.Replace(byName("left"))}, "the real database was opened"},
		"of both by name":                     {[]fx.Option{two, fx.Replace(byName("left"), byName("right"))}, ""},
		"in the module of the resource": {
			[]fx.Option{fx.Module("data", realDatabase("db", container.PerProcess()), fx.Replace(fake)), repo, check}, "",
		},
		"by a zero value": {
			[]fx.Option{
				container.Provide("limit", func() (limit, error) { return 0, errors.New("the real limit was made") }),
				assets.New("check", func(l limit) error {
					if l != 0 {
						return fmt.Errorf("got %d", l)
					}
					return nil
				}),
				fx.Replace(limit(0)),
			}, "",
		},
		"by a zero value and by name": {
			[]fx.Option{
				container.Supply("limit", limit(5)),
				assets.New("check", func(in struct {
					fx.In
					Limit limit `name:"limit"`
				}, plain limit,
				) error {
					if in.Limit != 0 || plain != 0 {
						return fmt.Errorf("got %d and %d", in.Limit, plain)
					}
					return nil
				}),
				fx.Replace(fx.Annotate(limit(0), fx.ResultTags(`name:"limit"`))),
			}, "",
		},
		"of one of two results of a constructor": {
			[]fx.Option{
				container.Provide("db", func() (*database, *repository, error) { return nil, nil, errors.New("the real database was opened") }),
				check, fx.Replace(fake),
			}, "its constructor is not called",
		},
		"of an interface where the struct is asked for": {
			[]fx.Option{
				realDatabase("db", container.As[fmt.Stringer]()), assets.New("check", func(*database) error { return nil }),
				fx.Replace(fx.Annotate(stringer{}, fx.As(new(fmt.Stringer)))),
			}, "fmt.Stringer in its place",
		},
		"of an asset's type": {
			[]fx.Option{
				assets.New("orders", func() ([]database, error) { return nil, errors.New("the real asset was made") }),
				assets.New("report", func([]database) error { return nil }),
				fx.Replace([]database{{"fake"}}),
			}, "host application has a value",
		},
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

type stringer struct{}

func (stringer) String() string { return "fake" }

func (*database) String() string { return "real" }

func TestTheDefaultIOManagerIsReplacedByName(t *testing.T) {
	t.Chdir(t.TempDir())
	memory := iomanagers.NewMemory()
	var launcher *runs.Launcher
	app := fx.New(fx.NopLogger, fxrun.Module, assets.New("orders", func() int { return 3 }),
		fx.Replace(fx.Annotate(memory, fx.As(new(iomanagers.IOManager)), fx.ResultTags(`name:"io_manager"`))),
		fx.Populate(&launcher))
	if err := app.Err(); err != nil {
		t.Fatal(err)
	}
	run, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got int
	if err := memory.Load(t.Context(), iomanagers.Input{Asset: "orders"}, &got); err != nil || got != 3 {
		t.Errorf("got %d, %v", got, err)
	}
}

func TestADecoratorOfAResourceOnTheHostIsRefused(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]fx.Option{
		"of the resource": {realDatabase("db"), fx.Decorate(func(db *database) *database { return db })},
		"in a module, of what an asset takes": {
			realDatabase("db"),
			fx.Module("one", assets.New("a", func(*database) error { return nil }), fx.Decorate(func(db *database) *database { return db })),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newHost(t, opts...)
			faults, ok := errors.AsType[*container.Faults](err)
			if !ok || !strings.Contains(faults.Error(), "*fxrun_test.database (resource db)") {
				t.Errorf("got %v", err)
			}
		})
	}
}

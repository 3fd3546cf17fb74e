package container_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fxrun/fxrun/container"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
)

// journal notes what happens to resources, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) hooks(lc fx.Lifecycle, name string) {
	j.note("new %s", name)
	lc.Append(fx.Hook{
		OnStart: func(context.Context) error { j.note("start %s", name); return nil },
		OnStop:  func(context.Context) error { j.note("stop %s", name); return nil },
	})
}

type (
	database struct{ dsn string }
	cache    struct{ db *database }
	service  struct{ cache *cache }
	unused   struct{}
)

type databaseConfig struct {
	DSN   string                   `required:"true"`
	Table string                   `default:"orders"`
	Pass  container.Secret[string] `json:"password"`
}

func (j *journal) graph() []container.Definition {
	return []container.Definition{
		container.Provide("service", func(lc fx.Lifecycle, c *cache) *service { j.hooks(lc, "service"); return &service{c} }),
		container.Provide("database", func(lc fx.Lifecycle, cfg databaseConfig) *database {
			j.hooks(lc, "database")
			return &database{cfg.DSN + "/" + cfg.Table}
		}, container.Config(databaseConfig{DSN: "mem"}, container.FromEnv("DB"))),
		container.Provide("cache", func(lc fx.Lifecycle, db *database) *cache { j.hooks(lc, "cache"); return &cache{db} }),
		container.Provide("unused", func(lc fx.Lifecycle) *unused { j.hooks(lc, "unused"); return &unused{} }),
	}
}

func TestInvoke(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c, err := container.New(j.graph()...)
	if err != nil {
		t.Fatal(err)
	}
	err = c.Invoke(t.Context(), func(s *service) error {
		j.note("invoke %s", s.cache.db.dsn)
		return nil
	}, container.Launch(container.RunConfig{Resources: map[string]any{"database": container.Fields{"table": "t2"}}}))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"new database", "start database", "new cache", "start cache", "new service", "start service", "invoke mem/t2",
		"stop service", "stop cache", "stop database",
	}
	if diff := cmp.Diff(want, j.lines); diff != "" {
		t.Error(diff)
	}
}

func TestReplaceOnAChild(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c, err := container.New(j.graph()...)
	if err != nil {
		t.Fatal(err)
	}
	err = c.Invoke(t.Context(), func(s *service) error {
		j.note("invoke %s", s.cache.db.dsn)
		return nil
	}, fx.Replace(&database{"fake"}))
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(j.lines, func(line string) bool { return strings.Contains(line, "database") }) {
		t.Error("the replaced resource was touched:", j.lines)
	}
	if !slices.Contains(j.lines, "invoke fake") {
		t.Error(j.lines)
	}
	err = c.Invoke(t.Context(), func(s *service) error { return nil }, fx.Replace(&unused{}))
	t.Log(err)
	if !errors.Is(err, container.ErrInvalid) {
		t.Error(err)
	}
}

func TestFaultsComeAllAtOnce(t *testing.T) {
	j := new(journal)
	_, err := container.New(append(j.graph(),
		container.Provide("a", func(*database, b2) a2 { return a2{} }),
		container.Provide("b", func(a2) b2 { return b2{} }),
		container.Provide("cache", func() int { return 1 }),
		container.Provide("x", func(database, fmt.Stringer) *int { return nil }),
		container.Provide("y", fx.Annotate(func() int { return 1 }, fx.ResultTags(`name:"x"`))),
	)...)
	t.Log(err)
	if err == nil {
		t.Fatal("no error")
	}
	c, err := container.New(j.graph()...)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DB_DSN", "")
	rc, err := container.ParseRunConfig([]byte("resources:\n  databse: {config: {table: x}}\n  database:\n    config: {tabel: 1, table: [1], dsn: {env: NOPE}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	err = c.Invoke(t.Context(), func(*service) {}, container.Launch(rc))
	t.Log(err)
	for _, d := range c.Resources() {
		t.Logf("%+v", d)
	}
}

type (
	a2 struct{ _ int }
	b2 struct{ _ int }
)

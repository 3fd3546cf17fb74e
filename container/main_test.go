package container_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/container"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

// matching returns the lines that begin with prefix.
func (j *journal) matching(prefix string) []string {
	return slices.DeleteFunc(j.all(), func(line string) bool { return !strings.HasPrefix(line, prefix) })
}

// hooks notes a constructor and appends hooks that note their calls.
func (j *journal) hooks(lc fx.Lifecycle, name string) {
	j.note("new %s", name)
	lc.Append(fx.Hook{
		OnStart: func(context.Context) error { j.note("start %s", name); return nil },
		OnStop:  func(context.Context) error { j.note("stop %s", name); return nil },
	})
}

func (j *journal) want(t *testing.T, lines ...string) {
	t.Helper()
	if diff := cmp.Diff(lines, j.all()); diff != "" {
		t.Errorf("what happened (-want +got):\n%s", diff)
	}
}

func newContainer(t testing.TB, definitions ...container.Definition) *container.Container {
	t.Helper()
	c, err := container.New(definitions...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newChild(t testing.TB, c *container.Container, opts ...fx.Option) *container.Child {
	t.Helper()
	child, err := c.NewChild(t.Context(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return child
}

func closeChild(t testing.TB, child *container.Child) {
	t.Helper()
	if err := child.Close(nil); err != nil {
		t.Error(err)
	}
}

func parse(t testing.TB, text string) container.RunConfig {
	t.Helper()
	config, err := container.ParseRunConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// launch is one resource's config at launch.
func launch(key string, config any) container.ChildOption {
	return container.Launch(container.RunConfig{Resources: map[string]any{key: config}})
}

// A small graph: service needs cache, which needs database. Nothing needs
// unused.
type (
	database struct{ dsn string }
	cache    struct{ db *database }
	service  struct{ cache *cache }
	unused   struct{}
)

type databaseConfig struct {
	DSN   string                   `required:"true" secret:"false"`
	Table string                   `default:"orders"`
	Pass  container.Secret[string] `json:"password"`
}

func (j *journal) graph() []container.Definition {
	return []container.Definition{
		container.Provide("service", func(lc fx.Lifecycle, c *cache) *service { j.hooks(lc, "service"); return &service{c} }),
		container.Provide("database", func(lc fx.Lifecycle, cfg databaseConfig) *database {
			j.hooks(lc, "database")
			return &database{cfg.DSN + "/" + cfg.Table}
		}, container.Config(databaseConfig{DSN: "mem"})),
		container.Provide("cache", func(lc fx.Lifecycle, db *database) *cache { j.hooks(lc, "cache"); return &cache{db} }),
		container.Provide("unused", func(lc fx.Lifecycle) *unused { j.hooks(lc, "unused"); return &unused{} }),
	}
}

// place is where a panic happened, at the end of its error.
var place = regexp.MustCompile(` \([\w./()*]+, \w+\.go:\d+\)`)

// placeless is an error's text without the place of a panic.
func placeless(err error) string { return place.ReplaceAllString(fmt.Sprint(err), "") }

func TestPanicSaysWhere(t *testing.T) {
	t.Parallel()
	var nothing map[string]int
	err := newContainer(t).Invoke(t.Context(), func() { nothing["x"]++ })
	if want := regexp.MustCompile(`^panic: assignment to entry in nil map \(container_test\.TestPanicSaysWhere\.func1, main_test\.go:\d+\)$`); err == nil || !want.MatchString(err.Error()) {
		t.Errorf("got %v", err)
	}
}

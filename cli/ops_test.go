package cli_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

type (
	bucket       struct{}
	transaction  struct{}
	found        []string
	removed      int
	searchConfig struct {
		Older string                   `default:"30d"`
		Token container.Secret[string] `json:"token"`
	}
	transactionConfig struct {
		Isolation string `default:"snapshot"`
		Note      string
	}
)

// janitor is a program of an asset and two jobs of ops, which have an op's name
// in common; one of its resources lives per step.
func janitor() []fx.Option {
	return []fx.Option{
		container.Provide("bucket", func() *bucket { return nil }, container.PerProcess()),
		container.Provide("transaction", func(*bucket, transactionConfig) *transaction { return nil },
			container.PerStep(), container.Config(transactionConfig{}, container.FromEnv("TX"))),
		assets.New("orders", func(*bucket) orders { return nil }, assets.InGroup("raw")),
		assets.NewJob("cleanup",
			assets.NewOp("remove", func(found, *transaction) (removed, error) { return 0, nil }),
			assets.NewOp("find", func(orders, *bucket, searchConfig) found { return nil },
				assets.Config(searchConfig{}), assets.Describe("what nobody needs")),
			assets.NewOp("a_report", func(removed) error { return nil }),
		),
		assets.NewJob("audit",
			assets.NewOp("find", func(orders, searchConfig) error { return nil }, assets.Config(searchConfig{})),
		),
		assets.NewJob("fetch", assets.Select("*")),
	}
}

func TestOpsInTheViews(t *testing.T) {
	home := newHome(t)
	for name, args := range map[string][]string{
		"ops-graph":             {"graph", "--job", "cleanup"},
		"ops-graph-dot":         {"graph", "--job", "cleanup", "--format", "dot"},
		"ops-graph-tree":        {"graph", "--job", "cleanup", "--format", "tree"},
		"ops-graph-json":        {"graph", "--job", "cleanup", "--json"},
		"ops-graph-of-assets":   {"graph", "--job", "fetch", "--format", "tree"},
		"ops-graph-whole":       {"graph", "--format", "tree"},
		"ops-resources":         {"resources"},
		"ops-resource":          {"resource", "io_manager"},
		"ops-resource-job":      {"resource", "bucket", "--job", "cleanup"},
		"ops-resource-job-io":   {"resource", "io_manager", "--job", "cleanup", "--set", "steps.find.config.older=7d"},
		"ops-resource-job-step": {"resource", "transaction", "--job", "cleanup", "--set", "resources.transaction.config.note=mine"},
		"ops-dry-run":           {"run", "--job", "cleanup", "--dry-run", "--set", "resources.transaction.config.note=mine"},
		"ops-dry-run-json":      {"run", "--job", "cleanup", "--dry-run", "--json"},
		"ops-config-check":      {"config", "check", "--job", "cleanup", "--set", "steps.find.config.older=7d"},
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, succeed(t, janitor(), args...)) })
	}
	if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the home folder was made: %v", err)
	}
	t.Run("a job and a selection are not drawn together", func(t *testing.T) {
		got := execute(t, janitor(), "graph", "--job", "cleanup", "--select", "orders")
		if got.code != 64 || !strings.Contains(got.err, "--job and --select exclude each other: give one of them") {
			t.Errorf("exit code %d, standard error %q", got.code, got.err)
		}
	})
	t.Run("a mistyped job suggests the nearest", func(t *testing.T) {
		for _, command := range [][]string{{"graph"}, {"resource", "bucket"}} {
			got := execute(t, janitor(), append(command, "--job", "claenup")...)
			if got.code != 64 || !strings.Contains(got.err, `did you mean "cleanup"?`) {
				t.Errorf("%q: exit code %d, standard error %q", command, got.code, got.err)
			}
		}
	})
}

func TestAVariableThatALaunchGivesToASecretIsMaskedEverywhere(t *testing.T) {
	home := newHome(t)
	t.Setenv("MISPLACED", secret)
	t.Setenv("SHOP_URL", secret)
	for _, password := range []string{"resources.warehouse.config.password", "steps.both.config.key", "steps.send.config.token"} {
		definitions := append(new(shop).definitions(), factory()...)
		for _, variable := range []string{"MISPLACED", "SHOP_URL"} { // the second is read by the client's URL itself
			given := []string{"--set", password + "={env: " + variable + "}", "--set", "steps.both.config.day=Monday"}
			if variable == "MISPLACED" {
				given = append(given, "--set", "resources.client.config.url={env: MISPLACED}")
			}
			overridden := append(slices.Clone(given), "--set", password+"=other")
			faulty := append(slices.Clone(given), "--set", "resources.warehouse.config.batch=many")
			shown := 0
			for _, set := range [][]string{given, overridden, faulty} {
				for _, args := range [][]string{
					{"run", "--select", "*", "--dry-run"},
					{"run", "--select", "*", "--dry-run", "--json"},
					{"run", "--job", "nightly", "--dry-run", "--set", "steps.both.config.day={env: " + variable + "}"},
					{"run", "--job", "notify", "--dry-run", "--set", "steps.send.config.to={env: " + variable + "}"},
					{"config", "check"},
					{"config", "check", "--json"},
					{"config", "check", "--json", "--select", "*"},
					{"config", "template"},
					{"config", "template", "--select", "*"},
					{"resource", "client"},
					{"resource", "client", "--json"},
					{"resource", "client", "--json", "--job", "nightly"},
				} {
					args = append(args, set...)
					got := execute(t, definitions, args...)
					if strings.Contains(got.out+got.err, secret) {
						t.Errorf("the output of %q holds the secret", args)
					}
					shown += strings.Count(got.out, container.Masked)
				}
			}
			if shown == 0 {
				t.Errorf("%s: no output shows the mask: the test looks at the wrong commands", password)
			}
		}
	}
	if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the home folder was made: %v", err)
	}
}

func TestAnEntryOfAnUnknownKeyIsRefused(t *testing.T) {
	newHome(t)
	for _, text := range []string{"resources: {wearhouse: {}}", "resources: {wearhouse: }", "resources: {wearhouse: {config: {}}}"} {
		got := executeWith(t, text, new(shop).definitions(), "run", "--job", "nightly", "--config", "-", "--dry-run")
		want := `error: checking the launch: resources.wearhouse: there is no resource "wearhouse", did you mean "warehouse"?`
		if got.code != 64 || !strings.HasPrefix(got.err, want) {
			t.Errorf("%s: exit code %d, standard error %q", text, got.code, got.err)
		}
	}
}

func TestOpsAreListedInTheOrderInWhichTheyRun(t *testing.T) {
	newHome(t)
	var ops []assets.JobPart
	for i := range 12 { // by name the last would come after the first
		name := fmt.Sprint("op", i)
		if i == 0 {
			ops = append(ops, assets.NewOp(name, func() error { return nil }))
			continue
		}
		ops = append(ops, assets.NewOp(name, func() error { return nil }, assets.After(fmt.Sprint("op", i-1))))
	}
	slices.Reverse(ops)
	out := succeed(t, []fx.Option{assets.NewJob("chain", ops...)}, "run", "--dry-run")
	at := -1
	for i := range 12 {
		next := strings.Index(out, fmt.Sprintf("\n  op%d ", i))
		if next < at {
			t.Fatalf("op%d stands too early:\n%s", i, out)
		}
		at = next
	}
}

func TestOneFileServesAllJobs(t *testing.T) {
	newHome(t)
	type countsConfig struct {
		Table string
		Limit int `default:"7"`
	}
	definitions := func() []fx.Option {
		return append(janitor(), assets.New("counts", func(countsConfig) int { return 1 }, assets.Config(countsConfig{}, container.AtLaunch("Table"))))
	}
	template := succeed(t, definitions(), "config", "template")
	shared := "  find:\n    config:\n      older: 7d\n"
	for job, filled := range map[string]string{
		"cleanup": template, "audit": settings.ReplaceAllString(template, "$1$2"),
		"fetch": strings.Replace(template, "table:", "table: t", 1),
	} {
		for name, text := range map[string]string{"as it is": filled, "with a step that two jobs have": filled + shared} {
			t.Run(job+" takes it "+name, func(t *testing.T) {
				for _, args := range [][]string{{"config", "check"}, {"run", "--dry-run"}, {"config", "template"}} {
					if got := executeWith(t, text, definitions(), append(args, "--job", job, "--config", "-")...); got.code != 0 {
						t.Errorf("%q: %s\n%s", args, got.err, text)
					}
				}
			})
		}
	}
	t.Run("what is wrong for every step of a key is told", func(t *testing.T) {
		for text, want := range map[string]string{
			"steps: {find: {config: {oldr: 7d}}}":   `steps.find.config.oldr (line 1, column 25): there is no such field, did you mean "older"?`,
			"steps: {fidn: {config: {older: 7d}}}":  `steps.fidn: there is no step "fidn", did you mean "find"?`,
			"steps: {remove: {config: {a: 1}}}":     "steps.remove.config: step remove has no config",
			"steps: {counts: {config: {limit: x}}}": "steps.counts.config.limit (line 1, column 34): expected a whole number (int), not text",
		} {
			if got := executeWith(t, text, definitions(), "config", "check", "--job", "fetch", "--set", "steps.counts.config.table=t", "--config", "-"); got.code != 64 || !strings.Contains(got.err, want) {
				t.Errorf("%s: exit code %d, %s", text, got.code, got.err)
			}
		}
	})
}

package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
)

type (
	pool   struct{}
	mailer struct{}
	page   string
)

// office adds to the shop what its graph lacks: a resource below another, an
// asset that shares upstreams, a resource that the application replaces, and
// one that no asset leads to.
func office(program *shop) []fx.Option {
	return append(program.definitions(),
		container.Provide("pool", func(lc fx.Lifecycle) *pool { program.hook(lc, "pool"); return nil }, container.PerProcess()),
		container.Provide("mailer", func(lc fx.Lifecycle, _ *pool) *mailer { program.hook(lc, "mailer"); return nil },
			container.Describe("sends \"mail\" <to> everyone")),
		container.Provide("archive", func(lc fx.Lifecycle, _ *pool) *shop { program.hook(lc, "archive"); return nil }, container.Eager()),
		assets.New("page", func(orders, revenue, *mailer, *pool) page { return "" }),
		fx.Replace(&client{}),
	)
}

func TestGraph(t *testing.T) {
	home := newHome(t)
	t.Setenv("WAREHOUSE_PASSWORD", secret)
	for name, args := range map[string][]string{
		"help-graph":           {"graph", "--help"},
		"graph":                {"graph"},
		"graph-dot":            {"graph", "--format", "dot"},
		"graph-tree":           {"graph", "--format", "tree"},
		"graph-json":           {"graph", "--json"},
		"graph-select":         {"graph", "--select", "revenue", "--select", "greeting"},
		"graph-select-tree":    {"graph", "-f", "tree", "-s", "+page"},
		"graph-select-json":    {"graph", "--select", "published", "--json"},
		"completion-format":    {"__complete", "graph", "--format", ""},
		"resource-needed":      {"resource", "pool", "--select", "page"},
		"resource-needed-io":   {"resource", "io_manager", "--select", "page"},
		"resource-needed-job":  {"resource", "pool", "--job", "nightly"},
		"resource-needed-json": {"resource", "pool", "--job", "nightly", "--json"},
		"resource-unneeded":    {"resource", "warehouse", "--select", "published"},
		"resource-host":        {"resource", "client", "--select", "*", "--json"},
	} {
		t.Run(name, func(t *testing.T) {
			program := new(shop)
			got := execute(t, office(program), args...)
			if got.code != 0 || got.err != "" && args[0] != "__complete" {
				t.Errorf("exit code %d, standard error %q", got.code, got.err)
			}
			golden(t, name, got.out)
			if noted := program.noted(); len(noted) > 0 {
				t.Errorf("something was started: %q", noted)
			}
			if strings.Contains(got.out, secret) {
				t.Error("the output holds the secret")
			}
			if strings.HasSuffix(name, "-json") && !json.Valid([]byte(got.out)) {
				t.Errorf("not JSON:\n%s", got.out)
			}
		})
	}
	if _, err := os.Stat(home); !os.IsNotExist(err) {
		t.Errorf("the home folder was made: %v", err)
	}
}

func TestGraphErrors(t *testing.T) {
	newHome(t)
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"an unknown format suggests the nearest": {
			[]string{"graph", "--format", "mermaids"}, `error: reading the flags: --format is one of mermaid, dot, tree, not "mermaids", did you mean "mermaid"?`,
		},
		"two formats are refused": {
			[]string{"graph", "--format", "dot", "--json"}, "--json and --format exclude each other: give one of them",
		},
		"an unknown asset suggests the nearest": {
			[]string{"graph", "--select", "revenues"}, `did you mean "revenue"?`,
		},
		"two selections of a resource's run are refused": {
			[]string{"resource", "pool", "--job", "nightly", "--select", "*"}, "--job and --select exclude each other: give one of them",
		},
		"a resource's selection is checked": {
			[]string{"resource", "pool", "--select", "revenues"}, `did you mean "revenue"?`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, office(new(shop)), test.args...)
			if got.code != 64 || !strings.Contains(got.err, test.want) {
				t.Errorf("exit code %d, standard error %q", got.code, got.err)
			}
		})
	}
}

func TestGraphOfNothing(t *testing.T) {
	newHome(t)
	for format, want := range map[string]string{"mermaid": "flowchart LR\n", "tree": "nothing to draw\n"} {
		if got := succeed(t, office(new(shop)), "graph", "--select", "not *", "--format", format); got != want {
			t.Errorf("%s: got %q", format, got)
		}
	}
}

func TestGraphvizDrawsTheGraph(t *testing.T) {
	dot, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("Graphviz is not installed")
	}
	newHome(t)
	command := exec.CommandContext(t.Context(), dot, "-Tsvg")
	command.Stdin = strings.NewReader(succeed(t, office(new(shop)), "graph", "--format", "dot"))
	drawn, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(drawn), ">raw/orders<") || strings.Contains(string(drawn), "Warning") {
		t.Errorf("%v\n%s", err, drawn)
	}
}

func TestManyReasons(t *testing.T) {
	newHome(t)
	var many []assets.Asset
	for i := range 25 {
		many = append(many, assets.New(fmt.Sprintf("part/%02d", i), func(*pool) error { return nil }))
	}
	definitions := append(office(new(shop)), assets.Set(many...))
	got := succeed(t, definitions, "resource", "pool", "--select", "part/*")
	if !strings.Contains(got, "part/19 -> pool\n  and 6 more: --json lists them all\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestTreeOnATerminal(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	cli.TerminalTree(&out, inspect.Picture{Nodes: []inspect.PictureNode{
		{ID: "asset a", Kind: "asset", Key: "a", Type: strings.Repeat("long.", 30), Needs: []string{"asset b", "resource c"}},
		{ID: "asset b", Kind: "asset", Key: "b", Needs: []string{"resource c"}},
		{ID: "resource c", Kind: inspect.KindResource, Key: "c", Type: "\x1b[2Jx", Lifetime: "per process", Needs: []string{"resource d"}},
		{ID: "resource d", Kind: inspect.KindResource, Key: "d", Replaced: true},
	}})
	goldenExact(t, "graph-terminal", out.String())
}

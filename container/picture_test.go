package container_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// goldenFile compares a text with a file of testdata to the letter;
// UPDATE_GOLDEN=1 writes it.
func goldenFile(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("UPDATE_GOLDEN=1 writes %s anew (-want +got)\n%s", path, diff)
	}
}

// kitchen is a graph with one of everything: a diamond, a resource that the
// host application has a value for, an interface, one that nothing needs.
func kitchen(t *testing.T) *container.Container {
	t.Helper()
	c, err := inHost(t,
		definitionsAsOption(new(journal).graph()),
		definitionsAsOption([]container.Definition{
			container.Provide("bucket", func(*unused) *bucket { return nil }, container.As[store](),
				container.Describe("where files \"are\" <kept>; a bucket\nnot shown")),
			container.Provide("clock", func() *resA { return nil }, container.PerProcess(), container.Eager()),
			container.Provide("scratch", func(*resA) *resB { return nil }, container.PerStep()),
			container.Provide("report", func(*service, *database, store) *report { return nil },
				container.Describe("a page with a description that goes on for so long that nobody would want to read all of it in a picture")),
		}),
		fx.Replace(&bucket{"fake"}),
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

func TestPicture(t *testing.T) {
	t.Parallel()
	c := kitchen(t)
	picture := c.Picture(handlerTargets(t, c)...)

	t.Run("Mermaid is as in the golden file", func(t *testing.T) { goldenFile(t, "picture.mmd", picture.Mermaid()) })
	t.Run("DOT is as in the golden file", func(t *testing.T) { goldenFile(t, "picture.dot", picture.DOT()) })
	t.Run("the order of nodes and needs does not matter", func(t *testing.T) { drawShuffled(t, picture) })
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
	t.Run("Graphviz draws it", func(t *testing.T) { draw(t, picture) })
	t.Run("without targets it is the resources, by key", func(t *testing.T) {
		var keys []string
		for _, node := range c.Picture().Nodes {
			keys = append(keys, node.Key)
		}
		if diff := cmp.Diff([]string{"bucket", "cache", "clock", "database", "report", "scratch", "service", "unused"}, keys); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPictureOfACallersNodes(t *testing.T) {
	t.Parallel()
	picture := container.Picture{Nodes: []container.PictureNode{
		{ID: "asset raw/orders", Kind: "asset", Key: "raw/orders", Group: `the "raw" & <first>`, Needs: []string{"resource pool", "asset nowhere"}},
		{ID: "asset raw_orders", Kind: "asset", Key: "raw_orders", Needs: []string{"asset raw/orders", "asset raw/orders"}},
		{ID: "resource pool", Kind: container.ResourceKind, Key: "pool", Type: "*sql.DB", Lifetime: "per process", Group: "resources"},
		{ID: "left", Kind: "loop", Key: "left", Needs: []string{"right"}},
		{ID: "right", Kind: "loop", Key: "right", Needs: []string{"left"}},
	}}
	t.Run("Mermaid is as in the golden file", func(t *testing.T) { goldenFile(t, "picture_nodes.mmd", picture.Mermaid()) })
	t.Run("DOT is as in the golden file", func(t *testing.T) { goldenFile(t, "picture_nodes.dot", picture.DOT()) })
	t.Run("the order of nodes and needs does not matter", func(t *testing.T) { drawShuffled(t, picture) })
	t.Run("Graphviz draws it", func(t *testing.T) { draw(t, picture) })
	t.Run("an empty picture can be drawn", func(t *testing.T) { draw(t, container.Picture{}) })
}

// drawShuffled compares drawings of the picture in many orders.
func drawShuffled(t *testing.T, picture container.Picture) {
	t.Helper()
	for range 20 {
		var shuffled container.Picture
		for _, node := range picture.Nodes {
			node.Needs = slices.Clone(node.Needs)
			rand.Shuffle(len(node.Needs), func(i, j int) { node.Needs[i], node.Needs[j] = node.Needs[j], node.Needs[i] })
			shuffled.Nodes = append(shuffled.Nodes, node)
		}
		rand.Shuffle(len(shuffled.Nodes), func(i, j int) {
			shuffled.Nodes[i], shuffled.Nodes[j] = shuffled.Nodes[j], shuffled.Nodes[i]
		})
		if diff := cmp.Diff(picture.Mermaid()+picture.DOT(), shuffled.Mermaid()+shuffled.DOT()); diff != "" {
			t.Fatal(diff)
		}
	}
}

// draw lets Graphviz read the picture, where it is installed.
func draw(t *testing.T, picture container.Picture) {
	t.Helper()
	dot, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("Graphviz is not installed")
	}
	command := exec.CommandContext(t.Context(), dot, "-Tsvg")
	command.Stdin = strings.NewReader(picture.DOT())
	var warnings strings.Builder
	command.Stderr = &warnings
	svg, err := command.Output()
	if err != nil || warnings.Len() > 0 {
		t.Fatalf("%v: %s\n%s", err, &warnings, picture.DOT())
	}
	for _, node := range picture.Nodes {
		if !strings.Contains(string(svg), ">"+node.Key+"<") {
			t.Errorf("%s is not in the drawing", node.Key)
		}
	}
}

var (
	mermaidLabel = regexp.MustCompile(`(?m)^\t+(\w+)\("<b>(.*)"\)$`)
	dotLabel     = regexp.MustCompile(`(?m)^\t+(\w+) \[label=<(.*)>, fillcolor="#\w+", color="#\w+"\]$`)
	entity       = regexp.MustCompile(`#\d+;`)
	markup       = regexp.MustCompile("[<>&\"`*~\\[\\]{}|\\\\#;]|(^|\\W)_|_(\\W|$)|^[\\d+-]")
)

func FuzzPictureEscapes(f *testing.F) {
	f.Add("orders", "*sql.DB", "plain")
	f.Add(`"quoted" <b>`, "map[string]*x.Y[int]", "1. first\n2. second")
	f.Add("a`b`_c_ #35; &amp;", "\x00\x1b[31m\u2028", "- item; end")
	f.Add(`\`, `\"`, "]]> -->%%{init}%%")
	f.Add("tab\tand bell\a", "asset", "\x1b[31mred")
	f.Add("_strong_ snake_case", "asset", "__x__ and _")
	f.Add("", "", "\xff\xfe")
	f.Fuzz(func(t *testing.T, key, kind, description string) {
		picture := container.Picture{Nodes: []container.PictureNode{
			{ID: "a", Kind: kind, Key: key, Type: description, Description: description, Needs: []string{"b"}},
			{ID: "b", Kind: kind, Key: key, Description: key},
		}}
		labels := mermaidLabel.FindAllStringSubmatch(picture.Mermaid(), -1)
		if len(labels) != 2 || labels[0][1] == labels[1][1] {
			t.Fatalf("the nodes can't be told from each other:\n%s", picture.Mermaid())
		}
		for _, label := range labels {
			for line := range strings.SplitSeq(strings.Replace(label[2], "</b>", "", 1), "<br/>") {
				if rest := entity.ReplaceAllString(line, "x"); markup.MatchString(rest) || !utf8.ValidString(line) {
					t.Errorf("%q is not plain text", line)
				}
			}
		}
		if got, want := decodeMermaid(labels[1][2]), onOneLine(key); got != want {
			t.Errorf("the title reads %q, want %q", got, want)
		}
		labels = dotLabel.FindAllStringSubmatch(picture.DOT(), -1)
		if len(labels) != 2 {
			t.Fatalf("the nodes are not in the text:\n%s", picture.DOT())
		}
		for _, label := range labels {
			if err := readXML("<label>" + label[2] + "</label>"); err != nil {
				t.Errorf("%v in %q", err, label[2])
			}
			if strings.Contains(label[2], "<b></b>") { // a syntax error to Graphviz
				t.Errorf("a label is empty: %q", label[2])
			}
		}
	})
}

// decodeMermaid is the title as Mermaid shows it.
func decodeMermaid(label string) string {
	title, _, _ := strings.Cut(label, "</b>")
	return strings.TrimSpace(entity.ReplaceAllStringFunc(title, func(text string) string {
		code, _ := strconv.Atoi(strings.Trim(text, "#;"))
		return string(rune(code))
	}))
}

// onOneLine is text without what no drawing can show.
func onOneLine(text string) string {
	shown := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\u00a0' || r == '\ufffe' || r == '\uffff' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	return strings.Join(strings.FieldsFunc(shown, func(r rune) bool { return r == ' ' }), " ")
}

func readXML(text string) error {
	decoder := xml.NewDecoder(strings.NewReader(text))
	decoder.Entity = map[string]string{}
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func ExampleContainer_Picture() {
	c, err := container.New(
		container.Provide("warehouse", func(WarehouseConfig, *API) *Warehouse { return nil }, container.Config(WarehouseConfig{})),
		container.Provide("api", NewAPI, container.Config(APIConfig{}), container.Describe("the shop's API")),
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
	fmt.Print(c.Picture(load).Mermaid())
	// Output:
	// flowchart LR
	// 	%% level 0
	// 	resource_api("<b>api</b><br/>#42;container_test.API<br/>the shop's API")
	// 	%% level 1
	// 	resource_warehouse("<b>warehouse</b><br/>#42;container_test.Warehouse")
	// 	%% level 2
	// 	target_load("<b>load</b>")
	// 	resource_warehouse --> resource_api
	// 	target_load -.-> resource_warehouse
	// 	classDef kind_0 fill:#fef6e4,stroke:#b7791f,color:#111827
	// 	class resource_api,resource_warehouse kind_0
	// 	classDef kind_1 fill:#e8f1fd,stroke:#2563a8,color:#111827
	// 	class target_load kind_1
}

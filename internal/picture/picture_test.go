package picture_test

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/fxrun/fxrun/internal/goldentest"

	"github.com/fxrun/fxrun/internal/picture"
	"github.com/fxrun/fxrun/internal/picture/picturetest"
)

func TestPicture(t *testing.T) {
	t.Parallel()
	drawn := picture.Picture{Nodes: []picture.Node{
		{ID: "asset raw/orders", Kind: "asset", Key: "raw/orders", Group: `the "raw" & <first>`, Needs: []string{"resource pool", "asset nowhere"}},
		{ID: "asset raw_orders", Kind: "asset", Key: "raw_orders", Needs: []string{"asset raw/orders", "asset raw/orders"}},
		{ID: "resource pool", Kind: "resource", Key: "pool", Type: "*sql.DB", Lifetime: "per process", Group: "resources"},
		{ID: "left", Kind: "loop", Key: "left", Needs: []string{"right"}},
		{ID: "right", Kind: "loop", Key: "right", Needs: []string{"left"}},
	}, Looks: map[string]picture.Look{"asset": picture.LookStep, "resource": picture.LookResource}}
	t.Run("Mermaid is as in the golden file", func(t *testing.T) { goldentest.File(t, "nodes.mmd", drawn.Mermaid()) })
	t.Run("DOT is as in the golden file", func(t *testing.T) { goldentest.File(t, "nodes.dot", drawn.DOT()) })
	t.Run("the order of nodes and needs does not matter", func(t *testing.T) { picturetest.Shuffle(t, drawn) })
	t.Run("Graphviz draws it", func(t *testing.T) { picturetest.Graphviz(t, drawn) })
	t.Run("an empty picture can be drawn", func(t *testing.T) { picturetest.Graphviz(t, picture.Picture{}) })
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
		drawn := picture.Picture{Nodes: []picture.Node{
			{ID: "a", Kind: kind, Key: key, Type: description, Description: description, Needs: []string{"b"}},
			{ID: "b", Kind: kind, Key: key, Description: key},
		}}
		labels := mermaidLabel.FindAllStringSubmatch(drawn.Mermaid(), -1)
		if len(labels) != 2 || labels[0][1] == labels[1][1] {
			t.Fatalf("the nodes can't be told from each other:\n%s", drawn.Mermaid())
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
		labels = dotLabel.FindAllStringSubmatch(drawn.DOT(), -1)
		if len(labels) != 2 {
			t.Fatalf("the nodes are not in the text:\n%s", drawn.DOT())
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

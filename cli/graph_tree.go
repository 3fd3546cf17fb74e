package cli

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/inspect"
)

// tree writes a picture as text. Below each node are the nodes that it needs.
type tree struct {
	screen screen
	width  int // 0 means that the width is not limited
	nodes  map[string]inspect.PictureNode
	shown  map[string]bool
	shared bool // whether sharedMark is used
	text   strings.Builder
}

// sharedMark replaces the needs of a node if they have been shown before.
const sharedMark = "(*)"

// writeTree draws each step that nothing needs. Below it, indented, are the nodes
// that it needs. Last come the resources that no step needs. If several nodes need
// the same node, its needs are shown only in the first place.
func writeTree(out io.Writer, picture inspect.Picture, screen screen) {
	t := &tree{screen: screen, nodes: make(map[string]inspect.PictureNode), shown: make(map[string]bool)}
	if screen.terminal {
		t.width, _ = screen.size()
	}
	needed := make(map[string]bool)
	for _, node := range picture.Nodes {
		t.nodes[node.ID] = node
		for _, need := range node.Needs {
			needed[need] = true
		}
	}
	for _, node := range picture.Nodes {
		if !needed[node.ID] {
			t.write(node, "", "")
		}
	}
	if len(picture.Nodes) == 0 {
		t.text.WriteString("nothing to draw\n")
	}
	if t.shared {
		t.text.WriteString("\n" + sharedMark + " what it needs is shown above\n")
	}
	_, _ = io.WriteString(out, t.text.String())
}

// write writes the line of a node after the prefix first, and the nodes that it
// needs after the prefix rest.
func (t *tree) write(node inspect.PictureNode, first, rest string) {
	needs := t.needs(node)
	again := t.shown[node.ID] && len(needs) > 0
	t.shared = t.shared || again
	t.line(node, first, again)
	if t.shown[node.ID] {
		return
	}
	t.shown[node.ID] = true
	for i, need := range needs {
		if i < len(needs)-1 {
			t.write(need, rest+"├── ", rest+"│   ")
		} else {
			t.write(need, rest+"└── ", rest+"    ")
		}
	}
}

// needs returns the nodes that a node needs: first the steps, then the resources.
func (t *tree) needs(node inspect.PictureNode) []inspect.PictureNode {
	var needs []inspect.PictureNode
	for _, id := range node.Needs { // sorted
		if need, ok := t.nodes[id]; ok {
			needs = append(needs, need)
		}
	}
	return needs
}

func (t *tree) line(node inspect.PictureNode, prefix string, again bool) {
	notes := []string{}
	if node.Kind == inspect.KindResource || node.Kind == string(assets.KindOp) {
		notes = append(notes, node.Kind)
	}
	for _, note := range []string{node.Type, node.Lifetime} {
		if note != "" {
			notes = append(notes, clean(note))
		}
	}
	if len(node.Makes) > 0 {
		values := make([]string, len(node.Makes))
		for i, value := range node.Makes {
			values[i] = clean(value.String())
		}
		notes = append(notes, "makes "+strings.Join(values, ", "))
	}
	if node.Eager {
		notes = append(notes, "eager")
	}
	if node.Replaced {
		notes = append(notes, "replaced by the host application")
	}
	if again {
		notes = append(notes, sharedMark)
	}
	note := strings.Join(notes, " ")
	if t.width > 0 {
		note = cut(note, max(8, t.width-1-utf8.RuneCountInString(prefix+node.Key)-len(gap)))
	}
	colour := bold
	if node.Kind == inspect.KindResource {
		colour = plain
	}
	line := t.screen.in(dim, prefix) + t.screen.in(colour, node.Key) + gap + t.screen.in(dim, note)
	t.text.WriteString(strings.TrimRight(line, " ") + "\n")
}

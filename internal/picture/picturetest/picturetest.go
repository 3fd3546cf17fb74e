// Package picturetest checks drawings of pictures: whether they depend on the
// order of the nodes, and whether Graphviz can read them.
//
// It imports package picture and go-cmp, and is for tests only.
package picturetest

import (
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/picture"
)

// Shuffle compares drawings of the picture with its nodes and needs in many
// orders: all must be equal.
func Shuffle(t *testing.T, drawn picture.Picture) {
	t.Helper()
	for range 20 {
		shuffled := picture.Picture{Looks: drawn.Looks}
		for _, node := range drawn.Nodes {
			node.Needs = slices.Clone(node.Needs)
			rand.Shuffle(len(node.Needs), func(i, j int) { node.Needs[i], node.Needs[j] = node.Needs[j], node.Needs[i] })
			shuffled.Nodes = append(shuffled.Nodes, node)
		}
		rand.Shuffle(len(shuffled.Nodes), func(i, j int) {
			shuffled.Nodes[i], shuffled.Nodes[j] = shuffled.Nodes[j], shuffled.Nodes[i]
		})
		if diff := cmp.Diff(drawn.Mermaid()+drawn.DOT(), shuffled.Mermaid()+shuffled.DOT()); diff != "" {
			t.Fatal(diff)
		}
	}
}

// Graphviz lets Graphviz read the picture, where it is installed. The drawing
// must name every node.
func Graphviz(t *testing.T, drawn picture.Picture) {
	t.Helper()
	dot, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("Graphviz is not installed")
	}
	command := exec.CommandContext(t.Context(), dot, "-Tsvg")
	command.Stdin = strings.NewReader(drawn.DOT())
	var warnings strings.Builder
	command.Stderr = &warnings
	svg, err := command.Output()
	if err != nil || warnings.Len() > 0 {
		t.Fatalf("%v: %s\n%s", err, &warnings, drawn.DOT())
	}
	for _, node := range drawn.Nodes {
		if !strings.Contains(string(svg), ">"+node.Key+"<") {
			t.Errorf("%s is not in the drawing", node.Key)
		}
	}
}

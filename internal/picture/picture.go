// Package picture writes graphs as text that drawing programs read: nodes,
// arrows between them and frames around them, as DOT or as Mermaid. It knows
// nothing of what the nodes stand for, and imports the standard library only.
package picture

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Picture is a graph to be drawn: what needs what. It is plain data: nodes may
// be added, changed and left out before it is drawn.
type Picture struct {
	// Nodes are the nodes. The order in which they are drawn does not depend on
	// the order in which they stand here.
	Nodes []Node `json:"nodes"`
	// Looks says how the nodes of each kind look. The nodes of a kind that is
	// not in it look plain.
	Looks map[string]Look `json:"-"`
}

// Look is how the nodes of one kind look.
type Look int

// The looks of nodes.
const (
	// LookPlain is grey, for kinds of which nothing more is known.
	LookPlain Look = iota
	// LookStep is blue, for what is executed.
	LookStep
	// LookResource is yellow, for what others are built on.
	LookResource
)

// Node is a box of a [Picture].
type Node struct {
	// ID tells the node from all others, as in "resource warehouse" or "asset
	// orders".
	ID string `json:"id"`
	// Kind is a word for what the node stands for, as in "resource" or "asset".
	// Nodes of one kind look alike: see Looks.
	Kind string `json:"kind"`
	// Key is the node's title.
	Key string `json:"key"`
	// Type is a Go type; "" shows none.
	Type string `json:"type,omitempty"`
	// Makes is what a step makes where that is more than one value, or is called
	// otherwise than the step; each has a line of its own.
	Makes []Value `json:"makes,omitempty"`
	// Description is shown up to its first line break, and cut where it is long.
	Description string `json:"description,omitempty"`
	// Group puts the node into a frame with this title, together with the
	// others of its kind and group; "" leaves it without.
	Group string `json:"group,omitempty"`
	// Lifetime says how long an instance lives, where that is not per run: "per
	// process", "per step".
	Lifetime string `json:"lifetime,omitempty"`
	// Eager says that it starts whether or not anything needs it.
	Eager bool `json:"eager,omitempty"`
	// Replaced says that the host application has a value in its place: it is
	// drawn dashed, and needs nothing.
	Replaced bool `json:"replaced,omitempty"`
	// Needs are the IDs of the nodes that it needs, each an arrow from here to
	// there: solid within a kind, dotted between kinds. IDs that the picture
	// does not hold are passed over.
	Needs []string `json:"needs,omitempty"`
}

// Value is a value that a step makes.
type Value struct {
	Key string `json:"key"`
	// Type is its Go type; "" where the step stores its data itself.
	Type string `json:"type,omitempty"`
}

// String returns the key and the type.
func (v Value) String() string { return strings.TrimSpace(v.Key + " " + v.Type) }

// frame is the nodes that stand together in a drawing.
type frame struct {
	kind, title string
	nodes       []Node // by level, then by ID
}

// drawing is a picture in the order in which it is written.
type drawing struct {
	frames []frame // by kind and title; those without a title are not framed
	levels map[string]int
	kinds  map[string]string // of each node, by ID
	names  map[string]string // what the node is called in the text, by ID
	looks  map[string]Look   // by kind
}

func (p Picture) drawing() drawing {
	p = p.sorted()
	d := drawing{levels: p.levels(), names: p.names(), looks: p.Looks, kinds: make(map[string]string, len(p.Nodes))}
	at := make(map[[2]string]int)
	for _, node := range p.Nodes {
		d.kinds[node.ID] = node.Kind
		name := [2]string{node.Kind, node.Group}
		i, ok := at[name]
		if !ok {
			i, at[name] = len(d.frames), len(d.frames)
			d.frames = append(d.frames, frame{kind: node.Kind, title: node.Group})
		}
		d.frames[i].nodes = append(d.frames[i].nodes, node)
	}
	slices.SortFunc(d.frames, func(a, b frame) int {
		return strings.Compare(a.kind+"\x00"+a.title, b.kind+"\x00"+b.title)
	})
	for _, frame := range d.frames {
		slices.SortStableFunc(frame.nodes, func(a, b Node) int { return d.levels[a.ID] - d.levels[b.ID] })
	}
	return d
}

// sorted is the picture in an order that does not depend on the caller's, each
// need once.
func (p Picture) sorted() Picture {
	nodes := slices.Clone(p.Nodes)
	slices.SortStableFunc(nodes, func(a, b Node) int { return strings.Compare(a.ID, b.ID) })
	for i, node := range nodes {
		nodes[i].Needs = slices.Compact(slices.Sorted(slices.Values(node.Needs)))
	}
	return Picture{Nodes: nodes, Looks: p.Looks}
}

// levels is 0 for nodes that need nothing in the picture, and for others one
// more than the deepest of their needs.
func (p Picture) levels() map[string]int {
	needs := make(map[string][]string, len(p.Nodes))
	for _, node := range p.Nodes {
		needs[node.ID] = node.Needs
	}
	levels := make(map[string]int, len(p.Nodes))
	var visit func(id string) int
	visit = func(id string) int {
		if level, ok := levels[id]; ok {
			return level
		}
		levels[id] = 0 // a caller's nodes may go round in circles
		level := 0
		for _, need := range needs[id] {
			if _, ok := needs[need]; ok {
				level = max(level, visit(need)+1)
			}
		}
		levels[id] = level
		return level
	}
	for _, node := range p.Nodes {
		visit(node.ID)
	}
	return levels
}

// names are words that no drawing language reads as anything but a name, made
// of kinds and keys: resource_warehouse, asset_raw_orders.
func (p Picture) names() map[string]string {
	names := make(map[string]string, len(p.Nodes))
	taken := make(map[string]bool, len(p.Nodes))
	for _, node := range p.Nodes {
		base := word(node.Kind + "_" + node.Key)
		name := base
		for i := 2; taken[name]; i++ {
			name = base + "_" + strconv.Itoa(i)
		}
		taken[name], names[node.ID] = true, name
	}
	return names
}

func word(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, text)
}

// byLevel parts a frame's nodes.
func (d drawing) byLevel(nodes []Node) [][]Node {
	var parts [][]Node
	for i, node := range nodes {
		if i == 0 || d.levels[node.ID] != d.levels[nodes[i-1].ID] {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], node)
	}
	return parts
}

// edges are a node's arrows: the IDs of the picture's nodes that it needs.
func (d drawing) edges(node Node) []string {
	var ids []string
	for _, id := range node.Needs {
		if _, ok := d.kinds[id]; ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// lines are a node's texts below its title.
func (n Node) lines() []string {
	var lines []string
	if n.Type != "" {
		lines = append(lines, plainText(n.Type))
	}
	for _, made := range n.Makes {
		lines = append(lines, plainText(made.String()))
	}
	first, _, _ := strings.Cut(strings.TrimSpace(n.Description), "\n")
	if first = shortened(plainText(first)); first != "" {
		lines = append(lines, first)
	}
	if n.Lifetime != "" {
		lines = append(lines, plainText(n.Lifetime))
	}
	if n.Eager {
		lines = append(lines, "eager")
	}
	if n.Replaced {
		lines = append(lines, "replaced by the host application")
	}
	return lines
}

// plainText is text in one line that drawing programs can read: without
// control characters and broken UTF-8.
func plainText(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\ufffd"), isBlank), " ")
}

func isBlank(r rune) bool {
	return r <= ' ' || r >= 0x7f && r <= 0xa0 || r == '\u2028' || r == '\u2029' || r == '\ufffe' || r == '\uffff' || unicode.Is(unicode.Bidi_Control, r)
}

// mostText is how much of a description is shown, in characters.
const mostText = 100

func shortened(text string) string {
	runes := []rune(text)
	if len(runes) <= mostText {
		return text
	}
	return strings.TrimSpace(string(runes[:mostText-1])) + "…"
}

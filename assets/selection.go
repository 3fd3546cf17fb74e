package assets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"

	"github.com/fxrun/fxrun/internal/nearest"
)

// Select returns the keys of the assets that an expression selects, sorted:
//
//	orders            one asset
//	*                 all assets
//	raw/*             all whose key begins with raw/; * stands for any text
//	+revenue          revenue and everything upstream of it
//	2+revenue         revenue and what is upstream of it, two steps far
//	orders+           orders and everything downstream of it
//	orders+1          orders and what is downstream of it, one step far
//	group:raw         the assets of a group
//	tag:daily         the assets with a tag
//	a or b, a, b, a b either
//	a and b           both
//	not a             all others
//	( ... )           parentheses; not binds tightest, then and, then or
//
// Assets that one function makes are selected together: each name, pattern, group or
// tag that selects one of them stands for all of them, so "not" excludes all of them
// too. The key of a step that makes several stands for all of them.
//
// The error is a *container.Faults. It reports a name that matches nothing, with
// the most similar name, or a fault of the expression and its place.
func (g *Graph) Select(expression string) ([]string, error) {
	selected, err := g.selectNodes(expression)
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(selected))
	for i, n := range selected {
		keys[i] = n.key
	}
	slices.Sort(keys)
	return keys, nil
}

func (g *Graph) selectNodes(expression string) ([]*node, error) {
	parser := &selectionParser{graph: g, tokens: tokensOf(expression)}
	selected := parser.parse()
	if err := fault.Join(fmt.Sprintf("selecting %q", expression), parser.faults); err != nil {
		return nil, err
	}
	var nodes []*node
	for _, n := range g.nodes {
		if selected[n] {
			nodes = append(nodes, n)
		}
	}
	return nodes, nil
}

// addSiblings adds what is made by the same functions.
func addSiblings(selected nodeSet) {
	for n := range selected { // those that are added have the same siblings
		for _, sibling := range n.maker.nodes {
			selected[sibling] = true
		}
	}
}

func (g *Graph) unknown(doing, key string) error {
	hint := g.suggestKey(key)
	if m, ok := g.assets.makers[key]; ok && len(m.nodes) > 0 {
		hint = fmt.Sprintf(": step %s makes %s", key, strings.Join(m.outputKeys(), " and "))
	}
	return fault.Join(doing, []error{fmt.Errorf("there is no asset %q%s", key, hint)})
}

// nodeSet is a set of assets.
type nodeSet map[*node]bool

// extend adds to result what lies next to from, and next to that, limit steps
// far; a negative limit is none.
func extend(result, from nodeSet, limit int, next func(*node) []*maker) {
	seen := make(nodeSet, len(from))
	var edge []*node
	for n := range from {
		seen[n] = true
		edge = append(edge, n)
	}
	for step := 0; step != limit && len(edge) > 0; step++ {
		var further []*node
		for _, n := range edge {
			for _, m := range next(n) {
				for _, other := range m.nodes {
					if !seen[other] {
						seen[other], result[other] = true, true
						further = append(further, other)
					}
				}
			}
		}
		edge = further
	}
}

// named returns the assets of a name, a pattern, a group or a tag.
func (p *selectionParser) named(name string) nodeSet {
	if kind, value, ok := strings.Cut(name, ":"); ok {
		return p.marked(kind, value)
	}
	if !strings.Contains(name, "*") {
		return p.keyed(name)
	}
	selected := make(nodeSet)
	for _, n := range p.graph.nodes {
		if matches(name, n.key) {
			selected[n] = true
		}
	}
	if len(selected) == 0 && name != "*" {
		p.fault("no asset matches %q", name)
	}
	return selected
}

// keyed returns the asset of a key, or all that the step of that key makes.
func (p *selectionParser) keyed(key string) nodeSet {
	if n, ok := p.graph.assets.byKey[key]; ok {
		return nodeSet{n: true}
	}
	m, ok := p.graph.assets.makers[key]
	if !ok {
		p.fault("there is no asset %q%s", key, p.graph.suggestKey(key))
		return nil
	}
	selected := make(nodeSet)
	for _, n := range m.nodes {
		selected[n] = true
	}
	return selected
}

// marked returns the assets of a group or a tag.
func (p *selectionParser) marked(kind, value string) nodeSet {
	var marks func(n *node) []string
	switch kind {
	case "group":
		marks = func(n *node) []string { return []string{n.group} }
	case "tag":
		marks = func(n *node) []string { return n.tags }
	default:
		p.fault("%q is not a kind of selection%s", kind+":", nearest.Suggestion(kind, []string{"group", "tag"}))
		return nil
	}
	if value == "" {
		p.fault("%q names no %s", kind+":", kind)
		return nil
	}
	selected := make(nodeSet)
	var known []string
	for _, n := range p.graph.nodes {
		for _, mark := range marks(n) {
			known = append(known, mark)
			if mark == value {
				selected[n] = true
			}
		}
	}
	if len(selected) == 0 {
		p.fault("no asset has the %s %q%s", kind, value, nearest.Suggestion(value, known))
	}
	return selected
}

// matches reports whether a key fits a pattern in which * is any text.
func matches(pattern, key string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(key, parts[0]) {
		return false
	}
	key = key[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(key, part)
		if i < 0 {
			return false
		}
		key = key[i+len(part):]
	}
	return strings.HasSuffix(key, parts[len(parts)-1])
}

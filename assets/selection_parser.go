package assets

import (
	"fmt"
	"strconv"
	"strings"
)

// selectionParser is a recursive descent over or, and, not and terms.
type selectionParser struct {
	graph  *Graph
	tokens []string
	depth  int
	work   int // how many assets were looked at
	faults []error
}

// selectionWords mean something else than the key of an asset.
var selectionWords = []string{"and", "not", "or"}

// maxDepth bounds nested parentheses, which are nested calls here.
const maxDepth = 1000

// maxWork bounds how many assets the terms of an expression look at: some seconds of work.
// Only terms that look at all assets count, so that the keys of all assets may be listed.
const maxWork = 5_000_000

// tokensOf parts an expression at white space, commas and parentheses.
func tokensOf(expression string) []string {
	for _, separator := range []string{"(", ")", ","} {
		expression = strings.ReplaceAll(expression, separator, " "+separator+" ")
	}
	return strings.Fields(expression)
}

func (p *selectionParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *selectionParser) next() string {
	token := p.peek()
	if token != "" {
		p.tokens = p.tokens[1:]
	}
	return token
}

func (p *selectionParser) fault(format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf(format, args...))
}

func (p *selectionParser) parse() nodeSet {
	if len(p.tokens) == 0 {
		p.fault("the selection is empty: * selects everything")
		return nil
	}
	selected := p.either()
	if token := p.peek(); token != "" && len(p.faults) == 0 {
		p.fault("unexpected %q", token)
	}
	return selected
}

// either reads terms joined by or, a comma, or nothing.
func (p *selectionParser) either() nodeSet {
	selected := p.both()
	for {
		switch token := p.peek(); token {
		case "", ")":
			return selected
		case "or", ",":
			p.next()
		case "and":
			p.fault("%q joins nothing on its left", token)
			return selected
		}
		for n := range p.both() {
			selected[n] = true
		}
		if len(p.faults) > 20 {
			return selected
		}
	}
}

func (p *selectionParser) both() nodeSet {
	selected := p.factor()
	for p.peek() == "and" {
		p.next()
		other := p.factor()
		for n := range selected {
			if !other[n] {
				delete(selected, n)
			}
		}
	}
	return selected
}

func (p *selectionParser) factor() nodeSet {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.tokens = nil
		p.fault("it is nested too deeply")
		return nodeSet{}
	}
	if p.peek() == ")" { // it closes the parenthesis nevertheless
		p.fault("a name is missing%s", before(")"))
		return nodeSet{}
	}
	token := p.next()
	if p.looksAtAll(token) {
		if p.work += len(p.graph.nodes); p.work > maxWork {
			p.tokens = nil
			p.fault("it has too many terms that look at all assets: not, and those with + * or :")
			return nodeSet{}
		}
	}
	switch token {
	case "not":
		other := p.factor()
		selected := make(nodeSet)
		for _, n := range p.graph.nodes {
			if !other[n] {
				selected[n] = true
			}
		}
		return selected
	case "(":
		selected := p.either()
		if p.next() != ")" {
			p.fault("a parenthesis is not closed")
		}
		return selected
	case "", "and", "or", ",":
		p.fault("a name is missing%s", before(token))
		return nodeSet{}
	default:
		return p.term(token)
	}
}

// looksAtAll reports whether a term may look at all assets.
func (*selectionParser) looksAtAll(token string) bool {
	return token == "not" || strings.ContainsAny(token, "+*:")
}

func before(token string) string {
	if token == "" {
		return " at the end"
	}
	return fmt.Sprintf(" before %q", token)
}

// term reads one name with its pluses: 1+name+2.
func (p *selectionParser) term(token string) nodeSet {
	up, name, hasUp := strings.Cut(token, "+")
	if !hasUp || up != "" && (!isNumber(up) || name == "") { // 2+ is what is downstream of the asset 2
		name, up, hasUp = token, "", false
	}
	down, hasDown := "", false
	if i := strings.LastIndexByte(name, '+'); i >= 0 {
		name, down, hasDown = name[:i], name[i+1:], true
	}
	if name == "" || strings.Contains(name, "+") || down != "" && !isNumber(down) {
		p.fault("%q is not a selection: + stands before or after a name, with a number on its outer side", token)
		return nodeSet{}
	}
	selected := p.named(name)
	result := make(nodeSet, len(selected))
	for n := range selected {
		result[n] = true
	}
	if hasUp {
		extend(result, selected, steps(up), func(n *node) []*maker { return n.maker.upstream })
	}
	if hasDown {
		extend(result, selected, steps(down), func(n *node) []*maker { return n.maker.needed })
	}
	addSiblings(result)
	return result
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 31)
	return err == nil
}

// steps reads how far a plus reaches; without a number, to the end.
func steps(text string) int {
	if text == "" {
		return -1
	}
	n, _ := strconv.Atoi(text)
	return n
}

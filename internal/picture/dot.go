package picture

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// DOT returns the picture in Graphviz's language; dot -Tsvg draws it. Equal
// pictures give equal text, whatever the order of their nodes.
func (p Picture) DOT() string {
	d := p.drawing()
	var text strings.Builder
	text.WriteString("digraph {\n" +
		"\trankdir=LR; newrank=true; nodesep=0.2; ranksep=0.6; fontname=\"Helvetica,Arial,sans-serif\"; fontsize=11\n" +
		"\tnode [shape=box, style=\"rounded,filled\", fontname=\"Helvetica,Arial,sans-serif\", fontsize=12, margin=\"0.14,0.08\"]\n" +
		"\tedge [color=\"#6b7280\", arrowsize=0.7]\n")
	for i, frame := range d.frames {
		d.writeDOTFrame(&text, i, frame)
	}
	for _, frame := range d.frames {
		for _, node := range frame.nodes {
			for _, need := range d.edges(node) {
				style := ""
				if d.kinds[need] != node.Kind {
					style = " [style=dotted, color=\"#9ca3af\"]"
				}
				fmt.Fprintf(&text, "\t%s -> %s%s\n", d.names[node.ID], d.names[need], style)
			}
		}
	}
	text.WriteString("}\n")
	return text.String()
}

func (d drawing) writeDOTFrame(text *strings.Builder, number int, frame frame) {
	indent := "\t"
	if frame.title != "" {
		fmt.Fprintf(text, "\tsubgraph cluster_%d {\n", number)
		fmt.Fprintf(text, "\t\tlabel=<%s>; labeljust=l; style=rounded; color=\"#d1d5db\"\n", dotText(frame.title))
		indent = "\t\t"
	}
	for _, nodes := range d.byLevel(frame.nodes) {
		fmt.Fprintf(text, "%s{ rank=same // level %d\n", indent, d.levels[nodes[0].ID])
		for _, node := range nodes {
			fmt.Fprintf(text, "%s\t%s [%s]\n", indent, d.names[node.ID], d.dotAttributes(node))
		}
		text.WriteString(indent + "}\n")
	}
	if frame.title != "" {
		text.WriteString("\t}\n")
	}
}

func (d drawing) dotAttributes(node Node) string {
	label := "<b>" + dotText(node.Key) + "</b>"
	for _, line := range node.lines() {
		for _, line := range wrapped(line) {
			label += `<br/><font point-size="10" color="#4b5563">` + dotText(line) + "</font>"
		}
	}
	fill, line := d.looks[node.Kind].colours()
	attributes := fmt.Sprintf(`label=<%s>, fillcolor="%s", color="%s"`, label, fill, line)
	if node.Replaced {
		attributes += `, style="rounded,filled,dashed"`
	}
	return attributes
}

// colours are the fill and the border of nodes with this look.
func (l Look) colours() (fill, line string) {
	switch l {
	case LookResource:
		return "#fef6e4", "#b7791f"
	case LookStep:
		return "#e8f1fd", "#2563a8"
	case LookPlain:
	}
	return "#f3f4f6", "#6b7280"
}

// dotText escapes text for an HTML-like label, which may not be empty.
func dotText(text string) string {
	if text = html.EscapeString(plainText(text)); text == "" {
		return " "
	}
	return text
}

// lineWidth is about how wide the lines of a label are, in characters.
const lineWidth = 36

// wrapped breaks a line between words: Graphviz does not.
func wrapped(text string) []string {
	var lines []string
	width := lineWidth
	for word := range strings.FieldsSeq(text) {
		length := utf8.RuneCountInString(word)
		if width+1+length <= lineWidth {
			lines[len(lines)-1] += " " + word
			width += 1 + length
			continue
		}
		lines = append(lines, word)
		width = length
	}
	return lines
}

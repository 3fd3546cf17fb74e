package picture

import (
	"fmt"
	"strings"
	"unicode"
)

// Mermaid returns the picture as a Mermaid flowchart, which GitHub, GitLab and
// many editors draw inside Markdown. Equal pictures give equal text, whatever
// the order of their nodes.
func (p Picture) Mermaid() string {
	d := p.drawing()
	var text strings.Builder
	text.WriteString("flowchart LR\n")
	for i, frame := range d.frames {
		d.writeMermaidFrame(&text, i, frame)
	}
	for _, frame := range d.frames {
		for _, node := range frame.nodes {
			for _, need := range d.edges(node) {
				arrow := "-->"
				if d.kinds[need] != node.Kind {
					arrow = "-.->"
				}
				fmt.Fprintf(&text, "\t%s %s %s\n", d.names[node.ID], arrow, d.names[need])
			}
		}
	}
	d.writeMermaidClasses(&text)
	return text.String()
}

func (d drawing) writeMermaidFrame(text *strings.Builder, number int, frame frame) {
	indent := "\t"
	if frame.title != "" {
		fmt.Fprintf(text, "\tsubgraph frame_%d [\"%s\"]\n", number, mermaidText(frame.title))
		indent = "\t\t"
	}
	for _, nodes := range d.byLevel(frame.nodes) {
		fmt.Fprintf(text, "%s%%%% level %d\n", indent, d.levels[nodes[0].ID])
		for _, node := range nodes {
			label := "<b>" + mermaidText(node.Key) + "</b>"
			for _, line := range node.lines() {
				label += "<br/>" + mermaidText(line)
			}
			fmt.Fprintf(text, "%s%s(\"%s\")\n", indent, d.names[node.ID], label)
		}
	}
	if frame.title != "" {
		text.WriteString("\tend\n")
		fmt.Fprintf(text, "\tstyle frame_%d fill:none,stroke:#9ca3af\n", number)
	}
}

// writeMermaidClasses colours the nodes by kind, and dashes replaced ones.
func (d drawing) writeMermaidClasses(text *strings.Builder) {
	var kinds, replaced []string
	members := make(map[string][]string)
	for _, frame := range d.frames { // by kind
		if _, ok := members[frame.kind]; !ok {
			kinds = append(kinds, frame.kind)
		}
		for _, node := range frame.nodes {
			members[frame.kind] = append(members[frame.kind], d.names[node.ID])
			if node.Replaced {
				replaced = append(replaced, d.names[node.ID])
			}
		}
	}
	for i, kind := range kinds {
		fill, line := d.looks[kind].colours()
		fmt.Fprintf(text, "\tclassDef kind_%d fill:%s,stroke:%s,color:#111827\n", i, fill, line)
		fmt.Fprintf(text, "\tclass %s kind_%d\n", strings.Join(members[kind], ","), i)
	}
	if len(replaced) > 0 {
		text.WriteString("\tclassDef replaced stroke-dasharray:5 4\n")
		fmt.Fprintf(text, "\tclass %s replaced\n", strings.Join(replaced, ","))
	}
}

// mermaidText escapes one line of a label. Mermaid reads labels as HTML, as
// Markdown, and for entities of its own, so that all but harmless characters
// are escaped. A label may not be empty.
func mermaidText(text string) string {
	runes := []rune(plainText(text))
	var escaped strings.Builder
	for i, r := range runes {
		if harmless(runes, i) {
			escaped.WriteRune(r)
		} else {
			fmt.Fprintf(&escaped, "#%d;", r)
		}
	}
	if escaped.Len() == 0 {
		return " "
	}
	return escaped.String()
}

// harmless reports whether Mermaid takes a character for itself. At the
// beginning of a line a number or a sign may be that of a list, and underscores
// are emphasis unless they are inside of a word.
func harmless(line []rune, at int) bool {
	isWord := func(i int) bool {
		return i >= 0 && i < len(line) && (unicode.IsLetter(line[i]) || unicode.IsDigit(line[i]))
	}
	switch r := line[at]; {
	case unicode.IsLetter(r):
		return true
	case r == '_':
		return isWord(at-1) && isWord(at+1)
	}
	return at > 0 && (isWord(at) || strings.ContainsRune(" .,/:()-+='…", line[at]))
}

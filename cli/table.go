package cli

import (
	"io"
	"strings"
	"unicode/utf8"
)

// cell is the text of a cell in a table. The colour is a field of its own, because
// it must not count for the width.
type cell struct {
	text   string
	colour colour
}

// table is a table with aligned columns and a header.
type table struct {
	columns []column
	rows    [][]cell
}

type column struct {
	name  string
	right bool // align to the right, for numbers
}

// add adds a row of plain cells.
func (t *table) add(texts ...string) {
	cells := make([]cell, len(texts))
	for i, text := range texts {
		cells[i] = cell{text: text}
	}
	t.rows = append(t.rows, cells)
}

// last returns the cell of a column in the last row.
func (t *table) last(column int) *cell { return &t.rows[len(t.rows)-1][column] }

// write writes the table, with indent before each line. On a terminal, it shortens
// the table to the width, and leaves out columns without text. Elsewhere it
// shortens nothing, and writes a dash for an empty cell, so that programs can count
// the columns.
func (t *table) write(w io.Writer, s screen, indent string) {
	shown := t.fitted(s)
	widths := shown.widths()
	if s.terminal {
		width, _ := s.size()
		shrink(widths, shown.columns, width-1-len(indent))
	}
	var text strings.Builder
	header := make([]cell, len(shown.columns))
	for i, column := range shown.columns {
		header[i] = cell{column.name, bold}
	}
	shown.writeRow(&text, s, indent, widths, header)
	for _, row := range shown.rows {
		shown.writeRow(&text, s, indent, widths, row)
	}
	_, _ = io.WriteString(w, text.String())
}

// fitted returns the table with clean texts. For a terminal, the table has no empty
// columns.
func (t *table) fitted(s screen) *table {
	used := make([]bool, len(t.columns))
	for _, row := range t.rows {
		for i, cell := range row {
			used[i] = used[i] || cell.text != ""
		}
	}
	shown := new(table)
	for i, column := range t.columns {
		if used[i] || !s.terminal {
			shown.columns = append(shown.columns, column)
		}
	}
	for _, row := range t.rows {
		var cells []cell
		for i, cell := range row {
			if used[i] || !s.terminal {
				cell.text = orDash(clean(cell.text))
				cells = append(cells, cell)
			}
		}
		shown.rows = append(shown.rows, cells)
	}
	return shown
}

func (t *table) widths() []int {
	widths := make([]int, len(t.columns))
	for i, column := range t.columns {
		widths[i] = utf8.RuneCountInString(column.name)
		for _, row := range t.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i].text))
		}
	}
	return widths
}

// minWidth is the smallest width to which a column is shortened.
const minWidth = 8

// gap is the text between two columns.
const gap = "  "

// shrink makes the widest columns narrower until the table fits.
func shrink(widths []int, columns []column, limit int) {
	total := len(gap) * (len(widths) - 1)
	for _, width := range widths {
		total += width
	}
	for ; total > limit; total-- {
		widest := -1
		for i, width := range widths {
			if !columns[i].right && width > minWidth && (widest < 0 || width >= widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

func (t *table) writeRow(text *strings.Builder, s screen, indent string, widths []int, row []cell) {
	text.WriteString(indent)
	for i, cell := range row {
		shown := cut(cell.text, widths[i])
		blank := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(shown))
		shown = s.in(cell.colour, shown)
		switch last := i == len(row)-1; {
		case t.columns[i].right:
			text.WriteString(blank + shown)
		case last:
			text.WriteString(shown)
		default:
			text.WriteString(shown + blank)
		}
		if i < len(row)-1 {
			text.WriteString(gap)
		}
	}
	text.WriteByte('\n')
}

package ui

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// table is a table that can be sorted by each of its columns. The order is part of the
// address of the page.
type table struct {
	Columns []column
	Rows    []row
	// Empty says what to do if there are no rows.
	Empty string
	// Select is the name of the form field of a check box in each row; "" for none.
	Select string
}

type column struct {
	Text  string
	Right bool
	// Path is the address of the page with the table sorted by this column, the other
	// way round if it is sorted by it already.
	Path string
	// Order is "ascending" or "descending" for the column that the table is sorted by.
	Order string
}

type row struct {
	Cells []cell
	Key   string // the value of the check box
	Class string
}

// cell is a value of a table. At most one of Text, Time, Badge and Links is set.
type cell struct {
	Text  string
	Path  string // what Text links to; "" for nothing
	Mono  bool
	ID    bool // Text is the ID of something, which is not broken into lines
	Time  time.Time
	Badge *badge
	Links []link
	Right bool

	order any // a string, int64, float64 or time.Time by which to sort; nil means Text
}

// badge is a state in a word, a colour and a shape.
type badge struct{ Class, Text string }

func text(value string) cell         { return cell{Text: value} }
func mono(value string) cell         { return cell{Text: value, Mono: true} }
func linked(value, path string) cell { return cell{Text: value, Path: path} }
func at(value time.Time) cell        { return cell{Time: value, order: value} }
func state(status string) cell {
	return cell{Badge: &badge{statusClass(status), status}, order: status}
}
func right(value string, order any) cell { return cell{Text: value, Right: true, order: order} }
func links(path string, key []string) cell {
	return cell{Links: linksTo(path, key), order: strings.Join(key, " ")}
}

func linksTo(path string, keys []string) []link {
	list := make([]link, len(keys))
	for i, key := range keys {
		list[i] = link{key, path + escapedKey(key)}
	}
	return list
}

// newTable makes an empty table. The names of its columns are also the values of ?sort=.
func newTable(empty string, columns ...string) *table {
	t := &table{Empty: empty}
	for _, name := range columns {
		name, isRight := strings.CutPrefix(name, ">")
		t.Columns = append(t.Columns, column{Text: name, Right: isRight})
	}
	return t
}

func (t *table) add(cells ...cell) *row {
	t.Rows = append(t.Rows, row{Cells: cells})
	return &t.Rows[len(t.Rows)-1]
}

// sort sorts the rows by the column that the address names, and makes the addresses of
// the heads of the columns.
func (t *table) sort(r *http.Request) *table {
	by, descending := strings.CutPrefix(r.FormValue("sort"), "-")
	for i := range t.Columns {
		column := &t.Columns[i]
		value := column.Text
		if column.Text == by && by != "" {
			column.Order = "ascending"
			if descending {
				column.Order = "descending"
			} else {
				value = "-" + value
			}
			slices.SortStableFunc(t.Rows, func(a, b row) int {
				order := compareCells(a.Cells[i], b.Cells[i])
				if descending {
					return -order
				}
				return order
			})
		}
		query := r.URL.Query()
		query.Set("sort", value)
		column.Path = "?" + query.Encode()
	}
	return t
}

func compareCells(a, b cell) int {
	switch x := a.sortValue().(type) {
	case int64:
		y, _ := b.sortValue().(int64)
		return cmp.Compare(x, y)
	case float64:
		y, _ := b.sortValue().(float64)
		return cmp.Compare(x, y)
	case time.Time:
		y, _ := b.sortValue().(time.Time)
		return x.Compare(y)
	case string:
		y, _ := b.sortValue().(string)
		return strings.Compare(x, y)
	}
	return 0
}

func (c cell) sortValue() any {
	if c.order != nil {
		return c.order
	}
	return c.Text
}

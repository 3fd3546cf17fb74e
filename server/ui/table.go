package ui

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
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
	// OnPage is how many rows are shown at once. 0 means rowsOnPage.
	OnPage int
	// Part says which rows of a long table these are; nil if they are all.
	Part *tablePart
}

// tablePart is one page of a long table.
type tablePart struct {
	First, Last, Total int    // First and Last are counted from 1
	Before, After      string // the addresses of the pages before and after this one; "" for none
}

// rowsOnPage is how many rows of a long table are shown at once, if it does not say it.
const rowsOnPage = 200

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

// cell is a value of a table. At most one of Text, Time, Badge, Links and Labels is set.
type cell struct {
	Text  string
	Path  string // what Text links to; "" for nothing
	Mono  bool
	ID    bool // Text is the ID of something, which is not broken into lines
	Time  time.Time
	Badge *badge
	Links []link
	// Labels are short words with a frame, such as the source of a value.
	Labels []string
	// Small is a second line in small letters.
	Small string
	// Lines are lines of a log, which the reader can open.
	Lines []string
	Right bool

	order any // a string, int64, float64 or time.Time by which to sort; nil means Text
}

// badge is a state in a word, a colour and a shape.
type badge struct{ Class, Text string }

func text(value string) cell         { return cell{Text: value} }
func mono(value string) cell         { return cell{Text: value, Mono: true} }
func labels(values ...string) cell   { return cell{Labels: values, order: strings.Join(values, " ")} }
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
		query.Del("page")
		if r.Method == http.MethodGet || r.Method == http.MethodHead { // the answer to a form has no such address
			column.Path = "?" + query.Encode()
		}
	}
	return t
}

// fill adds the rows of a table that may be long, sorts them, and keeps those of the page
// that the address names. cells makes the cells of a row.
func (t *table) fill(r *http.Request, count int, cells func(i int) []cell) *table {
	first, last := t.part(r, count)
	if r.FormValue("sort") == "" {
		for i := first; i < last; i++ {
			t.add(cells(i)...)
		}
		return t.sort(r)
	}
	for i := range count {
		t.add(cells(i)...)
	}
	t.sort(r)
	t.Rows = t.Rows[first:last]
	return t
}

// part finds out which rows are on the page that the address names.
func (t *table) part(r *http.Request, count int) (first, last int) {
	number, _ := strconv.Atoi(r.FormValue("page"))
	onPage := cmp.Or(t.OnPage, rowsOnPage)
	number = max(1, min(number, (count+onPage-1)/onPage))
	first = (number - 1) * onPage
	last = min(first+onPage, count)
	if last-first == count {
		return first, last
	}
	at := func(number int) string {
		query := r.URL.Query()
		query.Set("page", strconv.Itoa(number))
		return "?" + query.Encode()
	}
	t.Part = &tablePart{First: first + 1, Last: last, Total: count}
	if first > 0 {
		t.Part.Before = at(number - 1)
	}
	if last < count {
		t.Part.After = at(number + 1)
	}
	return first, last
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

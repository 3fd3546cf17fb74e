package cron

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// field is one of the five fields of an expression, and says which values it takes.
type field struct {
	name        string
	first, last int
	length      int      // how many different values there are
	names       []string // of the values from first on; nil if they have none
}

var (
	minutes  = field{"minute", 0, 59, 60, nil}
	hours    = field{"hour", 0, 23, 24, nil}
	days     = field{"day of the month", 1, 31, 31, nil}
	months   = field{"month", 1, 12, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}}
	weekdays = field{"day of the week", 0, 7, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}
)

// fields returns the fields of an expression in their order.
func fields() []field { return []field{minutes, hours, days, months, weekdays} }

// item is what stands between two commas of a field.
type item struct {
	text        string
	star        bool
	first, last int // equal without a range
	isRange     bool
	step        int // zero if there is none
}

// items reads the text of the field. robfig/cron does not refuse a text that has no
// meaning: it reads the star of *-5, leaves out the rest, and does not see 9,,17.
func (f field) items(text string) ([]item, error) {
	var all []item
	for part := range strings.SplitSeq(text, ",") {
		read, err := f.item(part)
		if err != nil {
			return nil, fmt.Errorf("the %s is %s: %w", f.name, text, err)
		}
		all = append(all, read)
	}
	return all, nil
}

func (f field) item(text string) (item, error) {
	if text == "" {
		return item{}, errors.New("a value is missing beside a comma")
	}
	read := item{text: text}
	values, step, hasStep := strings.Cut(text, "/")
	var err error
	if hasStep {
		if read.step, err = f.step(step); err != nil {
			return item{}, err
		}
	}
	if values == "*" || values == "?" {
		read.star = true
		return read, nil
	}
	var start, end string
	start, end, read.isRange = strings.Cut(values, "-")
	if read.first, err = f.value(start); err != nil {
		return item{}, err
	}
	read.last = read.first
	if !read.isRange {
		return read, nil
	}
	if read.last, err = f.value(end); err != nil {
		return item{}, err
	}
	if read.first > read.last && !f.isRoundSunday(read) {
		return item{}, fmt.Errorf("the range %s ends before it begins: write two ranges, with a comma between them", values)
	}
	return read, nil
}

// isRoundSunday reports whether a range begins or ends with a Sunday that has the other of
// its two numbers, as 7-1 and fri-sun.
func (f field) isRoundSunday(read item) bool {
	return f.name == weekdays.name && (read.first == sunday || read.last == 0)
}

// step refuses a step that is longer than the field. With */90 for minutes somebody means
// every 90 minutes, and would get every hour.
func (f field) step(text string) (int, error) {
	step, err := number(text)
	if err != nil || step < 1 {
		return 0, fmt.Errorf("the step %q is no whole number above zero", text)
	}
	if step > f.length {
		return 0, fmt.Errorf("the step %d is longer than the %d values of the field", step, f.length)
	}
	return step, nil
}

// value reads a number, or a name in any case.
func (f field) value(text string) (int, error) {
	if i := slices.Index(f.names, strings.ToLower(text)); i >= 0 {
		return f.first + i, nil
	}
	value, err := number(text)
	if err != nil {
		return 0, fmt.Errorf("%q is %s", text, f.unknown())
	}
	if value < f.first || value > f.last {
		return 0, fmt.Errorf("%d is not between %d and %d", value, f.first, f.last)
	}
	return value, nil
}

// number reads digits.
func number(text string) (int, error) {
	value, err := strconv.ParseUint(text, 10, 31)
	return int(value), err
}

// unknown says what the text of a value is not.
func (f field) unknown() string {
	if f.names == nil {
		return "no whole number"
	}
	return fmt.Sprintf("neither a whole number nor a name from %s to %s", f.names[0], f.names[len(f.names)-1])
}

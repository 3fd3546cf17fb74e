package sqltable

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fxrun/fxrun/iomanagers"
)

// record writes the columns of a table for the catalog, in their order.
func (s storedColumns) record() string {
	written := make([][2]string, len(s))
	for i, c := range s {
		written[i] = [2]string{c.name, c.typ}
	}
	text, _ := json.Marshal(written) // texts always can be
	return string(text)
}

// columnsOfRecord reads what record has written.
func columnsOfRecord(text string) (storedColumns, error) {
	var written [][2]string
	if err := json.Unmarshal([]byte(text), &written); err != nil {
		return nil, fmt.Errorf("reading the columns %q of a table from the catalog: %w", text, err)
	}
	columns := make(storedColumns, len(written))
	for i, c := range written {
		columns[i] = storedColumn{name: c[0], typ: c[1]}
	}
	return columns, nil
}

// checkUnaltered reports what somebody else has changed in the table since the manager changed
// it last. The manager would undo that, or fill it with NULL, and nobody would notice.
func (p place) checkUnaltered(made, stored storedColumns) error {
	var alterations []string
	for _, c := range stored {
		before, ok := made.find(c.name)
		switch {
		case !ok:
			alterations = append(alterations, c.String()+" was added")
		case before.typ != c.typ:
			alterations = append(alterations, fmt.Sprintf("the column %s is %s, and was %s", c.name, c.typ, before.typ))
		}
	}
	for _, c := range made {
		if _, ok := stored.find(c.name); !ok {
			alterations = append(alterations, c.String()+" was removed")
		}
	}
	if len(alterations) == 0 {
		return nil
	}
	return fmt.Errorf("%w: the table %s was altered by somebody else, and is left alone: %s: undo that, or drop the table, which is then made again without it",
		iomanagers.ErrUnsupported, p.table, strings.Join(alterations, ", "))
}

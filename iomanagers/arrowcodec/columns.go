package arrowcodec

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/iomanagers"
)

// reading is a column of the Go type that is stored: which of the stored ones it is, and what reads
// its arrays.
type reading struct {
	column column
	at     int
	open   opener
}

// reader returns what reads the columns that are stored, or what is wrong with the first that
// can't be read. Those that may be null may be missing.
func (s *structLayout) reader(stored []arrow.Field, path string) ([]reading, error) {
	at := map[string]int{}
	twice := map[string]bool{}
	for i, f := range stored {
		_, twice[f.Name] = at[f.Name]
		at[f.Name] = i
	}
	var reads []reading
	for _, c := range s.columns {
		i, ok := at[c.name]
		switch {
		case !ok:
			if err := s.missing(c, stored, path); err != nil {
				return nil, err
			}
			continue
		case twice[c.name]:
			return nil, fmt.Errorf("%w: the file has several columns %s", iomanagers.ErrType, path+c.name)
		}
		open, err := c.reader(stored[i].Type, path+c.name)
		if err != nil {
			return nil, err
		}
		reads = append(reads, reading{c, i, open})
	}
	if len(reads) == 0 {
		return nil, fmt.Errorf("%w: the file has none of the columns that are asked for", iomanagers.ErrType)
	}
	return reads, nil
}

// missing returns an error if a column may not be missing. A column that may be null may, unless
// a stored one differs from it in upper and lower case only: then it is there under another name.
func (s *structLayout) missing(c column, stored []arrow.Field, path string) error {
	var others []string
	alike := false
	for _, f := range stored {
		if !s.has(f.Name) {
			others = append(others, f.Name)
			alike = alike || strings.EqualFold(f.Name, c.name)
		}
	}
	if c.nullable && !alike {
		return nil
	}
	hint := ""
	if near := nearest.Name(c.name, others); near != "" {
		hint = fmt.Sprintf(" (did you mean %s?)", near)
	}
	return fmt.Errorf("%w: the file has no column %s%s", iomanagers.ErrType, path+c.name, hint)
}

func (s *structLayout) has(name string) bool {
	for _, c := range s.columns {
		if c.name == name {
			return true
		}
	}
	return false
}

// opened returns what reads the columns of some arrays.
func opened(reads []reading, array func(i int) arrow.Array) []getter {
	gets := make([]getter, len(reads))
	for n, r := range reads {
		gets[n] = r.open(array(r.at)).must(r.column.goType)
	}
	return gets
}

package sqlhistory

import (
	"strconv"
	"strings"
)

// condition is what a WHERE clause is made of. All its parts must be true. The zero
// condition is always true.
type condition struct {
	parts []string
	args  []any
}

// and adds a part, which has one ? for each argument.
func (c *condition) and(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, args...)
}

// andIn adds the part that a column has one of the values. Without values it adds
// nothing.
func andIn[T ~string](c *condition, column string, values []T) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = string(value)
	}
	c.and(column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", args...)
}

// clause returns the WHERE clause. It is empty if there are no parts.
func (c *condition) clause() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// limitClause returns the LIMIT clause. It is empty if n is 0.
func limitClause(n int) string {
	if n <= 0 {
		return ""
	}
	return " LIMIT " + strconv.Itoa(n)
}

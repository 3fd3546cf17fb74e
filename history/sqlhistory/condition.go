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

// andPrefix adds the part that the ID of a run begins with a text, byte by byte. IDs are
// UTF-8 and some databases take no other text, so the bounds of the range are UTF-8 too.
func (c *condition) andPrefix(prefix string) {
	from, some := firstFrom(prefix)
	if !some {
		c.and("1 = 0")
		return
	}
	to, bounded := firstFrom(afterPrefix(prefix))
	if !bounded || to == "" {
		c.and("number IN (SELECT number FROM runs WHERE id >= ?)", from)
		return
	}
	c.and("number IN (SELECT number FROM runs WHERE id >= ? AND id < ?)", from, to)
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

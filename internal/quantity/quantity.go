// Package quantity writes numbers as text for people: the command line and the web pages
// show the same numbers. It imports the standard library only.
package quantity

import (
	"fmt"
	"strconv"
)

// Count returns a number with a separator between its thousands, such as 12,000.
func Count(n int64, separator string) string {
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + separator + digits[i:]
	}
	return sign + digits
}

// Size returns a number of bytes in kB, MB and so on, which are powers of ten. It is "" for
// 0, which means that the size is not known.
func Size(bytes int64) string {
	if bytes <= 0 {
		return ""
	}
	if bytes < 1000 {
		return fmt.Sprintf("%d B", bytes)
	}
	value, unit := float64(bytes), -1
	for value >= 999.95 && unit < 4 {
		value /= 1000
		unit++
	}
	return fmt.Sprintf("%.1f %cB", value, "kMGTP"[unit])
}

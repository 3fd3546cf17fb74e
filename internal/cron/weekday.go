package cron

import (
	"strconv"
	"strings"
)

// sunday is the number of a Sunday that ends a week. A Sunday that begins one is 0.
const sunday = 7

// inNumbers writes days of the week for robfig/cron, which refuses 7 and the range
// fri-sun. For most programs both 0 and 7 are Sunday.
func inNumbers(items []item) string {
	texts := make([]string, len(items))
	for i, read := range items {
		texts[i] = read.inNumbers()
	}
	return strings.Join(texts, ",")
}

func (i item) inNumbers() string {
	if i.star {
		return i.text
	}
	first, last, step := i.first, i.last, max(i.step, 1)
	if i.isRange && last == 0 && first > 0 {
		last = sunday
	}
	if first == sunday && last != sunday || !i.isRange {
		first %= sunday
		last %= sunday
	}
	if !i.isRange && i.step > 0 { // 2/2 is 2-6/2
		last = sunday - 1
	}
	var days []string
	for day := first; day <= last; day += step {
		days = append(days, strconv.Itoa(day%sunday))
	}
	return strings.Join(days, ",")
}

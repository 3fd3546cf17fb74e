package cron

import (
	"regexp"
	"strconv"
	"strings"
)

// untilSeven is an item of the day of the week that ends with 7: the day alone, or a range
// with or without a step.
var untilSeven = regexp.MustCompile(`^(?:([0-7])-)?7(?:/([1-7]))?$`)

// withoutSeven writes 7 in the day of the week as 0. Both are Sunday for most programs, but
// robfig/cron refuses 7.
func withoutSeven(text string) string {
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return text
	}
	items := strings.Split(fields[4], ",")
	for i, item := range items {
		match := untilSeven.FindStringSubmatch(item)
		if match == nil {
			continue
		}
		first, step := 7, 1
		if match[1] != "" {
			first, _ = strconv.Atoi(match[1])
		}
		if match[2] != "" {
			step, _ = strconv.Atoi(match[2])
		}
		var days []string
		for day := first; day <= 7; day += step {
			days = append(days, strconv.Itoa(day%7))
		}
		items[i] = strings.Join(days, ",")
	}
	fields[4] = strings.Join(items, ",")
	return strings.Join(fields, " ")
}

// Package nearest finds the name that a mistyped one was meant to be.
package nearest

import "strings"

// Name returns the candidate closest to name, or "" when none is close: more
// than two fifths of the letters would have to change. Case does not count.
// Where none is close, a name without a slash is also compared with the last
// part of candidates that are paths: orders is near to raw/orders.
func Name(name string, candidates []string) string {
	whole := func(candidate string) string { return candidate }
	if best := closest(name, candidates, whole); best != "" || strings.Contains(name, "/") {
		return best
	}
	return closest(name, candidates, func(candidate string) string {
		return candidate[strings.LastIndexByte(candidate, '/')+1:]
	})
}

// closest compares name with a part of each candidate.
func closest(name string, candidates []string, part func(string) string) string {
	best, bestDistance := "", 0
	for _, candidate := range candidates {
		compared := part(candidate)
		distance := distance(strings.ToLower(name), strings.ToLower(compared))
		letters := max(len([]rune(name)), len([]rune(compared)))
		if name == "" || distance > max(1, letters*2/5) || distance >= letters {
			continue
		}
		if best == "" || distance < bestDistance || distance == bestDistance && candidate < best {
			best, bestDistance = candidate, distance
		}
	}
	return best
}

// Suggestion returns `, did you mean "x"?` for the candidate closest to name,
// or "" when none is close.
func Suggestion(name string, candidates []string) string {
	if best := Name(name, candidates); best != "" {
		return `, did you mean "` + best + `"?`
	}
	return ""
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour (the optimal string alignment distance).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := [3][]int{make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)}
	for j := range rows[0] {
		rows[0][j] = j
	}
	before, last, row := rows[2], rows[0], rows[1]
	for i := range x {
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// SuggestionAmong is [Suggestion] with the names that nameOf gives of items.
func SuggestionAmong[T any](name string, items []T, nameOf func(T) string) string {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = nameOf(item)
	}
	return Suggestion(name, names)
}

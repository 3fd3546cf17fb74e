// Package nearest finds the name that a mistyped one was meant to be.
package nearest

import "strings"

// Name returns the candidate closest to name, or "" when none is close: more
// than two fifths of the letters would have to change. Case does not count.
func Name(name string, candidates []string) string {
	best, bestDistance := "", 0
	for _, candidate := range candidates {
		distance := distance(strings.ToLower(name), strings.ToLower(candidate))
		letters := max(len([]rune(name)), len([]rune(candidate)))
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

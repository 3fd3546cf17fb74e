package digerror

import (
	"regexp"

	"go.uber.org/dig"
)

// Constructor is a function that provides a value.
type Constructor struct {
	// Type is the type of the function, as in "func(int8) (*Pool, error)".
	Type string
	// Package is the path of the package of the function, which is "reflect" for a function
	// that was made by reflection.
	Package string
}

// inCycle matches a line of the text with which dig shows a cycle.
var inCycle = regexp.MustCompile(`(?m)^(?:\tdepends on )?(func\(.*) provided by "([^"]+)"\.`)

// Cycle returns the constructors of a cycle, each before the one that it depends on. The last
// one is the first one again. Cycle returns nil for an error that shows no cycle.
func Cycle(err error) []Constructor {
	root := Cause(err)
	if !dig.IsCycleDetected(root) {
		return nil
	}
	var constructors []Constructor
	for _, line := range inCycle.FindAllStringSubmatch(root.Error(), -1) {
		constructors = append(constructors, Constructor{Type: line[1], Package: line[2]})
	}
	return constructors
}

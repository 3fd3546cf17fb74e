package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/nearest"
)

// UnknownVariable is an environment variable that looks as if it were meant
// for a config, and that no field reads.
type UnknownVariable struct {
	// Name is the variable's name. Its value is not looked at.
	Name string `json:"name"`
	// Prefix is the prefix of FromEnv that the name begins with.
	Prefix string `json:"prefix"`
	// Nearest is the variable that may have been meant. It is "" if no variable
	// is similar.
	Nearest string `json:"nearest,omitempty"`
}

// Variables is a set of the environment variables that configs read.
type Variables struct {
	prefixes []string // prefixes of FromEnv, in the form of the environment
	known    map[string]bool
}

// NewVariables returns an empty set.
func NewVariables() *Variables { return &Variables{known: make(map[string]bool)} }

// Add adds the variables that the fields of a config read. A nil definition
// reads none.
func (v *Variables) Add(definition *Definition) {
	if definition == nil || !definition.fromEnv {
		return
	}
	if definition.prefix != "" {
		v.prefixes = append(v.prefixes, strings.ToUpper(definition.prefix))
	}
	for _, field := range definition.fields {
		for _, name := range []string{field.key, field.alt} {
			if name != "" {
				v.known[name] = true
			}
		}
	}
}

// AddReferences adds the variables that a launch refers to by {env: NAME}.
func (v *Variables) AddReferences(definition *Definition, given LaunchValues) {
	for _, name := range definition.references(given) {
		v.known[name] = true
	}
}

// Unknown returns the variables of an environment that begin with a prefix and
// that no field reads, sorted by name. It returns nil if there are none.
func (v *Variables) Unknown(environ []string) []UnknownVariable {
	var unknown []UnknownVariable
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if v.known[name] {
			continue
		}
		if prefix, ok := longestPrefix(v.prefixes, name); ok {
			unknown = append(unknown, UnknownVariable{name, prefix, nearestVariable(name, prefix, v.known)})
		}
	}
	slices.SortFunc(unknown, func(a, b UnknownVariable) int { return cmp.Compare(a.Name, b.Name) })
	return slices.Compact(unknown)
}

func longestPrefix(prefixes []string, name string) (longest string, ok bool) {
	for _, prefix := range prefixes {
		if strings.HasPrefix(name, prefix+"_") && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	return longest, longest != ""
}

// nearestVariable compares the parts after the prefix, because with a long
// prefix all names would be similar.
func nearestVariable(name, prefix string, known map[string]bool) string {
	var rests []string
	for other := range known {
		if rest, ok := strings.CutPrefix(other, prefix+"_"); ok {
			rests = append(rests, rest)
		}
	}
	if rest := nearest.Name(strings.TrimPrefix(name, prefix+"_"), rests); rest != "" {
		return prefix + "_" + rest
	}
	return ""
}

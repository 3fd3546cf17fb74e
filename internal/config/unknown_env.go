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
	// Prefix is the one of FromEnv that the name begins with.
	Prefix string `json:"prefix"`
	// Nearest is the variable that may have been meant; "" where none is like it.
	Nearest string `json:"nearest,omitempty"`
}

// Variables is the environment variables that configs read.
type Variables struct {
	prefixes []string // of FromEnv, as the environment has them
	known    map[string]bool
}

// NewVariables returns a set that knows no variable yet.
func NewVariables() *Variables { return &Variables{known: make(map[string]bool)} }

// Add adds what the fields of a config read. A nil definition reads nothing.
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
// that nothing reads, sorted by name; nil without any.
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

// nearestVariable compares what follows the prefix: together with a long
// prefix everything would be like everything.
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

package container

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

// UnknownVariables finds the variables of an environment, in the form of
// os.Environ, that begin with a prefix given to [FromEnv] but are read by no
// field of any resource: mistyped names, and names that a field once had. It
// is for a warning, since a prefix may have other uses on the machine.
//
// A variable belongs to the longest prefix that it begins with. Known are also
// the variables that one of the launches refers to by {env: NAME}. Fields read
// by the empty prefix are known; other variables are never reported for it.
// The result is sorted by name, nil where nothing is unknown.
func (c *Container) UnknownVariables(environ []string, launches ...RunConfig) []UnknownVariable {
	prefixes, known := c.variables()
	for _, launch := range launches {
		for name := range c.references(launch) {
			known[name] = true
		}
	}
	var unknown []UnknownVariable
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if known[name] {
			continue
		}
		if prefix, ok := longestPrefix(prefixes, name); ok {
			unknown = append(unknown, UnknownVariable{name, prefix, nearestVariable(name, prefix, known)})
		}
	}
	slices.SortFunc(unknown, func(a, b UnknownVariable) int { return cmp.Compare(a.Name, b.Name) })
	return slices.Compact(unknown)
}

// variables returns the prefixes of FromEnv, as the environment has them, and
// the names that fields read.
func (c *Container) variables() (prefixes []string, known map[string]bool) {
	known = make(map[string]bool)
	for _, n := range c.nodes {
		if n.config == nil || !n.config.fromEnv {
			continue
		}
		if n.config.prefix != "" {
			prefixes = append(prefixes, strings.ToUpper(n.config.prefix))
		}
		for _, field := range n.config.fields {
			for _, name := range []string{field.key, field.alt} {
				if name != "" {
					known[name] = true
				}
			}
		}
	}
	return prefixes, known
}

// references are the variables that a launch refers to.
func (c *Container) references(launch RunConfig) map[string]bool {
	names := make(map[string]bool)
	launches, _ := c.readLaunch(launch)
	for n, values := range launches {
		for i := range n.config.fields {
			field := &n.config.fields[i]
			if given := values[field.path]; given.node != nil {
				if name, ok := variableReference(field.typ, given.node); ok {
					names[name] = true
				}
			}
		}
	}
	return names
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

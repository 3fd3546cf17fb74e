package container

import (
	"cmp"
	"slices"
	"strings"

	"go.uber.org/fx"

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
// Prefixes and fields of the steps that opts name by [Steps], [Needs] and
// [NeedsLater] count too. Known are also the variables that [Launch] among opts
// refers to by {env: NAME}. Other options make no difference.
//
// A variable belongs to the longest prefix that it begins with. Fields read by
// the empty prefix are known; other variables are never reported for it.
// The result is sorted by name, nil where nothing is unknown.
func (c *Container) UnknownVariables(environ []string, opts ...fx.Option) []UnknownVariable {
	scope, _ := c.scopeOf("", launchOf(opts), opts) // what is right in a faulty launch counts
	prefixes, known := scope.variables()
	scope.addReferences(known)
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
func (s launchScope) variables() (prefixes []string, known map[string]bool) {
	known = make(map[string]bool)
	add := func(config *configDefinition) {
		if config == nil || !config.fromEnv {
			return
		}
		if config.prefix != "" {
			prefixes = append(prefixes, strings.ToUpper(config.prefix))
		}
		for _, field := range config.fields {
			for _, name := range []string{field.key, field.alt} {
				if name != "" {
					known[name] = true
				}
			}
		}
	}
	for _, n := range s.container.nodes {
		add(n.config)
	}
	for t := range s.config.known.configured() {
		add(t.step.config)
	}
	return prefixes, known
}

// addReferences adds the variables that the launch refers to.
func (s launchScope) addReferences(known map[string]bool) {
	add := func(config *configDefinition, values launchValues) {
		for i := range config.fields {
			if name, ok := values[config.fields[i].path].reference(&config.fields[i]); ok {
				known[name] = true
			}
		}
	}
	for n, values := range s.resources {
		add(n.config, values)
	}
	for t, values := range s.steps {
		add(t.step.config, values)
	}
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

package container

import (
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
)

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
	names := config.NewVariables()
	for _, n := range c.nodes {
		names.Add(n.config)
	}
	for t := range scope.config.known.configured() {
		names.Add(t.step.config)
	}
	for n, values := range scope.resources {
		names.AddReferences(n.config, values)
	}
	for t, values := range scope.steps {
		names.AddReferences(t.step.config, values)
	}
	return names.Unknown(environ)
}

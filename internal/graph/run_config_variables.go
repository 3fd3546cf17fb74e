package graph

import (
	"github.com/fxrun/fxrun/internal/config"
)

// UnknownVariables finds the variables of an environment, in the form of
// os.Environ, that begin with a prefix of FromEnv and that no field of any
// resource reads. Package container documents it.
func (g *Graph) UnknownVariables(environ []string, subject Subject) []config.UnknownVariable {
	scope, _ := g.scopeOf("", subject.Launch, subject) // in a launch with faults, the right parts count
	names := config.NewVariables()
	for _, n := range g.Nodes {
		names.Add(n.Config)
	}
	for t := range scope.subject.Known.configured() {
		names.Add(t.step.Config)
	}
	for n, values := range scope.resources {
		names.AddReferences(n.Config, values)
	}
	for t, values := range scope.steps {
		names.AddReferences(t.step.Config, values)
	}
	return names.Unknown(environ)
}

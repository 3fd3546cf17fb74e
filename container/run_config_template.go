package container

import (
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
)

// Template returns a run config to be completed by a person, in YAML: every
// field that a launch may set, with its description, what it may be, and where
// its value comes from now. What [Launch] among opts gives, and what has to be
// given, stands there as it is; the other fields stand behind a # that is to be
// taken away.
// Secrets are references to the environment. It reads the environment.
//
// Steps that share a key are left out, with a comment that says so.
//
// The other options say which resources and steps it is about, as for
// [Container.Schema]. The error is a *[Faults] with what is wrong with the
// options or with what is given. A template of which nothing is completed is a
// valid run config, unless something has to be given.
func (c *Container) Template(opts ...fx.Option) (string, error) {
	const doing = "writing the template of a run config"
	scope, err := c.scopeOf(doing, launchOf(opts), opts)
	if err != nil {
		return "", err
	}
	nodes, err := scope.nodes(doing)
	if err != nil {
		return "", err
	}
	text := config.NewTemplate(c.secretsWith(scope.config.known, scope.config.launch))
	text.Begin("resources")
	for _, n := range nodes {
		text.Add(n.key, n.description, n.config, scope.resources[n])
	}
	steps, unclear := scope.config.known.all(), scope.config.known.unclear()
	if len(steps)+len(unclear) > 0 {
		text.Begin("steps")
	}
	for _, t := range steps {
		text.Add(t.step.key, "", t.step.config, scope.steps[t])
	}
	for _, key := range unclear {
		text.Explain(severalSteps(key))
	}
	return text.String(), nil
}

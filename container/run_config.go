package container

import (
	"encoding/json"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/child"
)

// LaunchJSON renders a run config as JSON that may be stored and shown, in the
// form that [ParseRunConfig] reads: {env: NAME} references are kept, the
// literals of secret fields are left out. A launch that reads it back has to
// give those again.
//
// The steps that the config may speak of are those that opts name by [Steps],
// [Needs] and [NeedsLater]; other options make no difference, so that those of
// a child can be given as they are.
//
// The error is a *[Faults] with what is wrong with the config.
func (c *Container) LaunchJSON(launch RunConfig, opts ...fx.Option) (json.RawMessage, error) {
	return c.parent().Graph().LaunchJSON(launch, child.SubjectOf(opts))
}

// Schema returns the JSON Schema (draft 2020-12) of the run configs that this
// container takes, for editors and forms: the form that [ParseRunConfig] reads,
// with types, descriptions, defaults and what the tags allow. What no launch may
// set is not in it: Fixed fields, and resources that live per process. Nor is
// the default of a secret.
//
// It is for the launch of a child with opts. Of the resources it has those that
// [Needs], [NeedsLater] and [NeedsResources] ask for, with what they are built
// from, or all where none of these options is given; of the steps those that
// are given by [Needs], [NeedsLater] and [Steps]; where several of them share a
// key, nothing is allowed under it. Other options make no difference.
//
// What is needed has to be there if it has fields named by [AtLaunch]. What only
// Steps names, and every resource where no option asks for any, may be left out;
// if it is there, so have its AtLaunch fields to be. A config that other layers
// complete, as a job's does, may lack them nevertheless.
//
// The schema knows less than a check does: not what a type makes of its text,
// nor Validate. It is stricter where YAML leaves a choice, as with a number for
// text that has a pattern. The error names unknown keys; it matches [ErrInvalid].
func (c *Container) Schema(opts ...fx.Option) (json.RawMessage, error) {
	return c.parent().Graph().Schema(child.SubjectOf(opts))
}

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
	return c.parent().Graph().Template(child.SubjectOf(opts))
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
	return c.parent().Graph().UnknownVariables(environ, child.SubjectOf(opts))
}

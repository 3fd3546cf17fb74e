package container

import (
	"encoding/json"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/prepare"
)

// LaunchJSON renders a run config as JSON that may be stored and shown. It has the
// form that [ParseRunConfig] reads. References such as {env: NAME} are kept. The
// literal values of secret fields are left out, and so are literals with a password
// in them, such as that of a URL. A launch that reads the JSON back has to give
// them again.
//
// The run config may speak of the steps that opts name by [Steps], [Needs],
// [NeedsLater] and [OtherSteps]; what it says of the last is not in the JSON. Other
// options make no difference, so the options of a child can be given as they are.
//
// The error is a *[Faults] with what is wrong with the run config.
func (c *Container) LaunchJSON(launch RunConfig, opts ...fx.Option) (json.RawMessage, error) {
	return c.parent().Graph().LaunchJSON(launch, prepare.SubjectOf(opts))
}

// Schema returns the JSON Schema (draft 2020-12) of the run configs that this
// container takes, for editors and forms. It describes the form that
// [ParseRunConfig] reads, with types, descriptions, defaults, and what the tags
// allow. It leaves out what no launch may set: fields named by [Fixed], and
// resources that live per process. It also leaves out the default of a secret.
//
// The schema is for the launch of a child with opts:
//
//   - Of the resources it has those that [Needs], [NeedsLater] and
//     [NeedsResources] ask for, with what they are built from, as properties. The
//     others are in it as patterns, which editors do not offer, since a launch takes
//     their config too. Without these options it has all resources as properties.
//   - Of the steps it has those that [Needs], [NeedsLater] and [Steps] give. If
//     several of these steps share a key, nothing is allowed under that key.
//   - Other options make no difference.
//
// A needed resource or step that has fields named by [AtLaunch] is required. What
// only Steps names, and every resource where no option asks for any, may be left
// out. If it is there, its AtLaunch fields are required. What [Launch] among opts
// gives already, as the launch defaults of a job do, is not required.
//
// The schema knows less than a check does: it knows neither what a type makes of
// its text nor the method Validate. It is stricter where YAML leaves a choice, as
// with a number that is given for a text with a pattern. The error names unknown
// keys and matches [ErrInvalid].
func (c *Container) Schema(opts ...fx.Option) (json.RawMessage, error) {
	return c.parent().Graph().Schema(prepare.SubjectOf(opts))
}

// Template returns a run config in YAML that a person completes. It has every
// field that a launch may set, with its description, the values that are allowed,
// and where its value comes from now. What [Launch] among opts gives, and what has
// to be given, stands there as it is. Every other field stands behind a #, which a
// person takes away to set the field. Secrets are references to the environment.
// Template reads the environment.
//
// Steps that share a key are left out, with a comment that says so.
//
// The other options say which resources and steps the template is about, as for
// [Container.Schema]. The error is a *[Faults] with what is wrong with the options
// or with what is given. A template that nobody has completed is a valid run
// config, unless something has to be given.
func (c *Container) Template(opts ...fx.Option) (string, error) {
	return c.parent().Graph().Template(prepare.SubjectOf(opts))
}

// UnknownVariables finds variables of an environment, given in the form of
// os.Environ, that begin with a prefix of [FromEnv] and that no field of any
// resource reads. Such variables are mistyped names, or names that a field once
// had. The result is for a warning, since a prefix may have other uses on the
// machine. It is sorted by name, and nil where nothing is unknown.
//
// Prefixes and fields of the steps that opts name by [Steps], [Needs] and
// [NeedsLater] count too. The variables that [Launch] among opts refers to by
// {env: NAME} are known as well. Other options make no difference.
//
// A variable belongs to the longest prefix that it begins with. Fields that are
// read by the empty prefix are known, and no variable is ever reported for the
// empty prefix.
func (c *Container) UnknownVariables(environ []string, opts ...fx.Option) []UnknownVariable {
	return c.parent().Graph().UnknownVariables(environ, prepare.SubjectOf(opts))
}

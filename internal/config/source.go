package config

// Source is the layer that a config field's value comes from.
type Source string

// The sources of a config field, lowest layer first.
const (
	// SourceZero: no layer gave a value, the field is zero.
	SourceZero Source = "zero"
	// SourceDefault: the field's default tag.
	SourceDefault Source = "default"
	// SourceCode: the struct given to Config.
	SourceCode Source = "code"
	// SourceEnv: an environment variable, named by Field.Variable.
	SourceEnv Source = "env"
	// SourceLaunch: the run config of the launch.
	SourceLaunch Source = "launch"
	// SourceMissing: the value is required and missing.
	SourceMissing Source = "missing"
)

// Field describes one field of a resource's or a step's config and the value
// that it has for a given launch.
type Field struct {
	// Path is the field's name in a run config: its json tag, else its Go name
	// in snake_case, dots between nested structs. As in "auth.user".
	Path string `json:"path"`
	// GoName is the field's Go name, dots between nested structs.
	GoName string `json:"go_name"`
	// Type is the Go type, as in "time.Duration".
	Type string `json:"type"`
	// Description is the field's desc tag.
	Description string `json:"description,omitempty"`
	// Source is the layer that the value comes from.
	Source Source `json:"source"`
	// Variable is the environment variable that gives the value or would give
	// it; empty where no variable is read.
	Variable string `json:"variable,omitempty"`
	// Value is the value as text, [Masked] for a secret, "" where there is none.
	Value string `json:"value"`
	// Secret says that the value is never shown.
	Secret bool `json:"secret,omitempty"`
	// Warning says what is doubtful about the field's type, "" where nothing is: a
	// field that is named like a secret and is not a [Secret]. The tag
	// secret:"false" silences that.
	Warning string `json:"warning,omitempty"`
	// Required says that the field must get a value.
	Required bool `json:"required,omitempty"`
	// AtLaunch says that the value must be given at launch.
	AtLaunch bool `json:"at_launch,omitempty"`
	// Fixed says that a launch may not set the field.
	Fixed bool `json:"fixed,omitempty"`
	// Default is the default tag, [Masked] for a secret, "" without one. A value
	// in code wins over it.
	Default string `json:"default,omitempty"`
	// Enum are the allowed values, in the tag's order; nil where any is, and for
	// a secret, since each of them could be it.
	Enum []string `json:"enum,omitempty"`
	// Min and Max are the bounds of a number or a duration, or of the length of
	// text (characters), bytes, a list or a map; "" where there is none.
	Min string `json:"min,omitempty"`
	Max string `json:"max,omitempty"`
	// Pattern is the regular expression that the text has to match.
	Pattern string `json:"pattern,omitempty"`
}

package config

// Source is the layer that a config field's value comes from.
type Source string

// The sources of a config field, lowest layer first.
const (
	// SourceZero says that no layer gave a value, so the field is zero.
	SourceZero Source = "zero"
	// SourceDefault is the default tag of the field.
	SourceDefault Source = "default"
	// SourceCode is the struct that was given to Config.
	SourceCode Source = "code"
	// SourceEnv is the environment variable that Field.Variable names.
	SourceEnv Source = "env"
	// SourceLaunch is the run config of the launch.
	SourceLaunch Source = "launch"
	// SourceMissing says that the value is required and missing.
	SourceMissing Source = "missing"
)

// Field describes one field of a resource's or a step's config and the value
// that it has for a given launch.
type Field struct {
	// Path is the name of the field in a run config, as in "auth.user": its
	// json tag, or else its Go name in snake_case. Dots stand between the names
	// of nested structs.
	Path string `json:"path"`
	// GoName is the Go name of the field, with dots between the names of nested
	// structs.
	GoName string `json:"go_name"`
	// Type is the Go type, as in "time.Duration".
	Type string `json:"type"`
	// Description is the field's desc tag.
	Description string `json:"description,omitempty"`
	// Source is the layer that the value comes from.
	Source Source `json:"source"`
	// Variable is the environment variable that gives the value or would give
	// it. It is empty if no variable is read.
	Variable string `json:"variable,omitempty"`
	// GivenBy says who has given the value at launch: see [RunConfig.GivenBy]. It is ""
	// for other values, and if nobody has said it.
	GivenBy string `json:"given_by,omitempty"`
	// Value is the value as text. It is [Masked] for a secret, and "" if there
	// is no value.
	Value string `json:"value"`
	// Secret says that the value is never shown.
	Secret bool `json:"secret,omitempty"`
	// Warning says that the field is named like a secret and is not a [Secret]. It
	// is "" for other fields, and for fields with the tag secret:"false".
	Warning string `json:"warning,omitempty"`
	// Required says that the field must get a value.
	Required bool `json:"required,omitempty"`
	// AtLaunch says that the value must be given at launch.
	AtLaunch bool `json:"at_launch,omitempty"`
	// Fixed says that a launch may not set the field.
	Fixed bool `json:"fixed,omitempty"`
	// Default is the default tag. It is [Masked] for a secret, and "" without
	// the tag. A value in code wins over the default.
	Default string `json:"default,omitempty"`
	// Enum has the allowed values, in the order of the tag. It is nil if every
	// value is allowed, and for a secret, because one of the values is the
	// secret.
	Enum []string `json:"enum,omitempty"`
	// Min and Max are the limits of a number or a duration, or of the length of
	// text (characters), bytes, a list or a map. They are "" if there is no
	// limit.
	Min string `json:"min,omitempty"`
	Max string `json:"max,omitempty"`
	// Pattern is the regular expression that the text has to match.
	Pattern string `json:"pattern,omitempty"`
}

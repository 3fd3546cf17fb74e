package history

// ConfigField is a field of the config of a resource or a step, as a run has it: see
// [RunStarting].
type ConfigField struct {
	// Of is what has the config, as in a run config: "resources.warehouse", or
	// "steps.raw/orders".
	Of string `json:"of"`
	// Path is the name of the field, with dots between the names of nested structs.
	Path string `json:"path"`
	// Source is the layer that the value comes from: one of the sources of package
	// container, such as "env". It is "zero" for a field without a value.
	Source string `json:"source"`
	// Variable is the environment variable that has given the value, and "" if none has.
	Variable string `json:"variable,omitempty"`
	// GivenBy says who has given a value at launch, as in "--set" or "job nightly". It is ""
	// for other values, and if it is not known.
	GivenBy string `json:"given_by,omitempty"`
	// Value is the value as text. It is "" for a secret, and for a field without a value.
	Value string `json:"value,omitempty"`
	// Cut says that Value is only the beginning of a long value.
	Cut bool `json:"cut,omitempty"`
	// Secret says that the value is a secret. Source then says whether it is set.
	Secret bool `json:"secret,omitempty"`
}

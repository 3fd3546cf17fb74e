package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/fault"
)

// LaunchConfig is the run config of a launch. The parts are laid over each other in the
// order of the fields.
type LaunchConfig struct {
	// Config is a run config as JSON.
	Config RunConfig `json:"config,omitzero" jsonschema:"a run config"`
	// ConfigYAML are run configs as texts in YAML. Of several, a later one replaces values
	// of an earlier one.
	ConfigYAML []string `json:"config_yaml,omitempty" jsonschema:"run configs as texts in YAML, of which a later one replaces values of an earlier one"`
	// Set sets single fields.
	Set []Setting `json:"set,omitempty" jsonschema:"single fields, which replace values of all others"`
}

// Setting sets one field of a run config. It has a Text or a YAML.
type Setting struct {
	// Path is the path of the field, as in "resources.warehouse.config.table".
	Path string `json:"path" jsonschema:"as in resources.warehouse.config.table"`
	// Text is the value as text, as the flag --set takes it.
	Text *string `json:"text,omitempty" jsonschema:"the value as text, or a list written as a, b"`
	// YAML is the value in YAML, as the flag --set-yaml takes it.
	YAML *string `json:"yaml,omitempty" jsonschema:"the value in YAML"`
}

// RunConfig is a run config as a JSON object.
type RunConfig struct {
	JSON  json.RawMessage
	start int64
}

// IsZero reports whether there is none.
func (c RunConfig) IsZero() bool { return len(c.JSON) == 0 }

// MarshalJSON returns the object.
func (c RunConfig) MarshalJSON() ([]byte, error) {
	if c.IsZero() {
		return []byte("{}"), nil
	}
	return c.JSON, nil
}

// UnmarshalJSONFrom keeps the object, and where it stands in the text.
func (c *RunConfig) UnmarshalJSONFrom(in *jsontext.Decoder) error {
	value, err := in.ReadValue()
	if err != nil {
		return err
	}
	c.JSON, c.start = slices.Clone([]byte(value)), in.InputOffset()-int64(len(value))
	return nil
}

// place puts the config where it stands in the body, so that the lines and columns of
// faults are those of the body.
func (c *LaunchConfig) place(body []byte) {
	if c.Config.IsZero() {
		return
	}
	before := strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return ' '
	}, string(body[:c.Config.start]))
	c.Config.JSON = append([]byte(before), c.Config.JSON...)
}

// config reads the run config. The error has all faults.
func (c LaunchConfig) config() (container.RunConfig, error) {
	var config container.RunConfig
	var faults []error
	texts := c.ConfigYAML
	if !c.Config.IsZero() {
		texts = append([]string{string(c.Config.JSON)}, texts...)
	}
	for _, text := range texts {
		layer, err := container.ParseRunConfig([]byte(text))
		faults = append(faults, fault.Of(err)...)
		config = config.Merge(layer.GivenBy("API"))
	}
	for i, set := range c.Set {
		next, err := set.over(config)
		if err != nil {
			for _, one := range fault.Of(err) {
				faults = append(faults, fmt.Errorf("set[%d]: %w", i, one))
			}
			continue
		}
		config = next
	}
	return config, fault.Join("reading the run config", faults)
}

func (s Setting) over(config container.RunConfig) (container.RunConfig, error) {
	switch {
	case (s.Text == nil) == (s.YAML == nil):
		return config, errors.New("give either text or yaml")
	case s.Text != nil:
		return config.Set(s.Path, *s.Text)
	}
	return config.SetYAML(s.Path, *s.YAML)
}

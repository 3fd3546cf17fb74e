package ui

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/fxrun/fxrun/container"
)

// formSection has the fields of one resource or step.
type formSection struct {
	Kind    string // "resource" or "step"
	Section string // the section of the run config: "resources" or "steps"
	Key     string
	Path    string // of its page; "" if it has none
	About   string
	Fields  []formField
}

// formField is one field of a config in the form.
type formField struct {
	container.Field

	ID      string
	Name    string // the path in the run config
	Label   string
	Control control
	Given   string // what the launch gives, as text; for a secret it is empty
	IsGiven bool
	Fault   string
	Set     string // "set" or "not set", for a variable
	Hint    string // how a value is written
	Slider  *slider
	Allowed []string // the choices without a wrong value
}

// control is what a field is edited by.
type control string

const (
	controlFixed     control = "fixed"
	controlReference control = "reference" // {env: NAME}
	controlChoice    control = "choice"
	controlSecret    control = "secret"
	controlText      control = "text"
)

// slider is a second control of a number with two limits.
type slider struct{ Min, Max, Value string }

// widestSlider is the largest number of values that a slider has.
const widestSlider = 1000

func newFormField(id, name string, field container.Field, given string, isGiven bool) formField {
	made := formField{ID: id, Name: name, Label: field.Path, Field: field, Given: given, IsGiven: isGiven, Hint: hintOf(field), Allowed: field.Enum}
	if field.Variable != "" {
		made.Set = "not set"
		if isSet(field.Variable) {
			made.Set = "set"
		}
	}
	isReference := strings.HasPrefix(given, "{env:")
	isBool := strings.TrimLeft(field.Type, "*") == "bool"
	switch {
	case field.Fixed:
		made.Control = controlFixed
	case isReference:
		made.Control = controlReference
	case field.Secret:
		made.Control, made.Given = controlSecret, ""
	case isBool || len(field.Enum) > 0:
		made.Control = controlChoice
		if isBool {
			made.Enum = []string{"true", "false"}
		}
		if isGiven && !slices.Contains(made.Enum, given) { // a wrong value stays visible
			made.Enum = append([]string{given}, made.Enum...) // a copy: the field is that of the definitions
		}
	default:
		made.Control, made.Slider = controlText, sliderOf(field, given)
	}
	return made
}

func isSet(variable string) bool {
	_, ok := os.LookupEnv(variable)
	return ok
}

// Reference returns the reference to the environment that is offered for the field.
func (f formField) Reference() string {
	name := f.Variable
	if name == "" {
		name = strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(f.Path))
	}
	return "{env: " + name + "}"
}

// IsNumber reports whether a phone should show the keyboard for numbers.
func (f formField) IsNumber() bool { return isNumber(f.Type) }

func isNumber(goType string) bool {
	goType = strings.TrimLeft(goType, "*")
	return strings.HasPrefix(goType, "int") || strings.HasPrefix(goType, "uint") || strings.HasPrefix(goType, "float")
}

// hintOf says how a value of a Go type is written.
func hintOf(field container.Field) string {
	switch goType := strings.TrimLeft(field.Type, "*"); {
	case goType == "time.Duration":
		return "a duration, as in 30s or 1h30m"
	case goType == "time.Time":
		return "a time, as in 2026-01-31T15:04:05Z"
	case goType == "[]uint8":
		return ""
	case strings.HasPrefix(goType, "[]"):
		return "a list: one, two, three"
	case strings.HasPrefix(goType, "map["):
		return "a map: name: value, other: value"
	}
	return ""
}

// sliderOf returns a slider for a whole number with two limits that are not far apart.
func sliderOf(field container.Field, given string) *slider {
	if goType := strings.TrimLeft(field.Type, "*"); !strings.HasPrefix(goType, "int") && !strings.HasPrefix(goType, "uint") {
		return nil
	}
	low, err := strconv.Atoi(field.Min)
	if err != nil {
		return nil
	}
	high, err := strconv.Atoi(field.Max)
	if err != nil || high-low > widestSlider || high <= low {
		return nil
	}
	value, err := strconv.Atoi(given)
	if err != nil {
		if value, err = strconv.Atoi(field.Value); err != nil {
			value = low
		}
	}
	return &slider{field.Min, field.Max, strconv.Itoa(min(max(value, low), high))}
}

// schemaSection and schemaField are what the editor knows of a launch: it completes and
// explains names and values by them. No secret is in them.
type schemaSection struct {
	Section string        `json:"section"`
	Key     string        `json:"key"`
	About   string        `json:"about"`
	Fields  []schemaField `json:"fields"`
}

type schemaField struct {
	Path     string   `json:"path"`
	Type     string   `json:"type"`
	Doc      string   `json:"doc,omitempty"`
	Default  string   `json:"default,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	Min      string   `json:"min,omitempty"`
	Max      string   `json:"max,omitempty"`
	Pattern  string   `json:"pattern,omitempty"`
	Variable string   `json:"variable,omitempty"`
	Set      bool     `json:"set,omitempty"`
	Source   string   `json:"source"`
	Value    string   `json:"value,omitempty"`
	Secret   bool     `json:"secret,omitempty"`
	Required bool     `json:"required,omitempty"`
	AtLaunch bool     `json:"atLaunch,omitempty"`
	Fixed    bool     `json:"fixed,omitempty"`
}

// Example returns a config as the text field shows it while nothing is given: the first field
// that a launch may set, preferably one that it must. It is "" if there is none.
func (c launchCheck) Example() string {
	var example string
	for _, section := range c.Sections {
		for _, field := range section.Fields {
			text := sprintf("# for example\n%s:\n  %s:\n    config:\n      %s: …", section.Section, section.Key, strings.Split(field.Path, ".")[0])
			switch {
			case field.Fixed:
			case field.AtLaunch || field.Source == container.SourceMissing:
				return text
			case example == "":
				example = text
			}
		}
	}
	return example
}

// Schema returns the fields of the launch for the editor.
func (c launchCheck) Schema() []schemaSection {
	list := []schemaSection{}
	for _, section := range c.Sections {
		made := schemaSection{Section: section.Section, Key: section.Key, About: firstLine(section.About)}
		for _, field := range section.Fields {
			one := schemaField{
				Path: field.Path, Type: field.Type, Doc: field.Description, Default: field.Default, Enum: field.Allowed, Min: field.Min, Max: field.Max,
				Pattern: field.Pattern, Variable: field.Variable, Set: field.Set == "set", Source: string(field.Source), Value: field.Value, Secret: field.Secret,
				Required: field.Required, AtLaunch: field.AtLaunch, Fixed: field.Fixed,
			}
			if field.Secret {
				one.Value, one.Default = "", ""
			}
			if field.Source == container.SourceZero {
				one.Source = "" // there is no value to tell of
			}
			made.Fields = append(made.Fields, one)
		}
		list = append(list, made)
	}
	return list
}

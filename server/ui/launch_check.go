package ui

import (
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

// launchCheck is what the server says about a launch.
type launchCheck struct {
	Faults   []inspect.Fault
	Warnings []string
	Sections []formSection
	Missing  []formField // the fields that have no value and must have one
	Steps    []inspect.Step
	Starts   []container.Description
	Chosen   bool // whether something to run was chosen
}

// checkedLaunch is a check with the launch that was checked, which is nil where the YAML
// cannot be read.
type checkedLaunch struct {
	launchCheck

	prepared *runs.Prepared
}

// check does what a launch would do before it starts anything. It prepares the launch
// once, so that what is launched is what was checked.
func (p *Pages) check(request runs.Request, yaml string) checkedLaunch {
	check := checkedLaunch{launchCheck: launchCheck{Chosen: request.Job != "" || request.Selection != ""}}
	config, wrong := container.ParseRunConfig([]byte(yaml))
	if wrong == nil {
		request.Config = config.GivenBy("launch page")
	}
	if !check.Chosen {
		check.Faults = faultList(wrong)
		return check
	}
	prepared, refused := p.config.Launcher.Prepare(request)
	if wrong == nil {
		check.prepared, check.Faults = prepared, faultList(refused)
	} else {
		check.Faults = faultList(wrong)
	}
	preview := prepared.Preview()
	if preview.Plan == nil {
		return check
	}
	launch := inspect.NewLaunch(request, preview, refused)
	check.Steps, check.Starts, check.Warnings = launch.Steps, launch.Resources, p.inspect.LaunchWarnings(os.Environ(), request, preview)
	given := givenValues(yaml)
	for _, resource := range preview.Resources {
		check.add(formSection{
			Kind: "resource", Section: "resources", Key: resource.Key, Path: p.url("/resources/", resource.Key), About: resource.Description,
		}, resource.Config, given)
	}
	for _, step := range preview.Steps {
		check.add(formSection{Kind: "step", Section: "steps", Key: step.Key, Path: p.stepPath(step.Key)}, step.Config, given)
	}
	return check
}

// stepPath returns the page of an asset; "" for an op, which has none.
func (p *Pages) stepPath(key string) string {
	if _, err := p.inspect.Asset(key); err != nil {
		return ""
	}
	return p.url("/assets/", key)
}

func faultList(err error) []inspect.Fault {
	if err == nil {
		return nil
	}
	if faults := inspect.Faults(err); len(faults) > 0 {
		return faults
	}
	fault := inspect.Fault{Message: err.Error()}
	if found := yamlLine.FindStringSubmatch(fault.Message); found != nil {
		fault.Line, _ = strconv.Atoi(found[1])
	}
	return []inspect.Fault{fault}
}

// yamlLine is how the YAML library says where a text is no YAML.
var yamlLine = regexp.MustCompile(`YAML: (?:yaml: )?line (\d+):`)

// add adds the section of a resource or of a step to the form.
func (c *launchCheck) add(made formSection, fields []container.Field, given map[string]string) {
	if len(fields) == 0 {
		return
	}
	for _, field := range fields {
		id := sprintf("f%d-%d", len(c.Sections), len(made.Fields))
		name := made.Section + "." + made.Key + ".config." + field.Path
		value, isGiven := given[name]
		placed := newFormField(id, name, field, value, isGiven)
		for _, fault := range c.Faults {
			if isWithin(fault.Path, name) {
				placed.Fault = besideField(fault)
			}
		}
		if field.Source == container.SourceMissing && !isGiven {
			c.Missing = append(c.Missing, placed)
		}
		made.Fields = append(made.Fields, placed)
	}
	c.Sections = append(c.Sections, made)
}

// besideField returns what is wrong with a field without its path and its place, which the
// reader sees.
func besideField(fault inspect.Fault) string {
	if _, text, ok := strings.Cut(fault.Message, ": "); ok && strings.HasPrefix(fault.Message, fault.Path) {
		return text
	}
	return fault.Message
}

func isWithin(path, name string) bool {
	return path == name || strings.HasPrefix(path, name+"[") || strings.HasPrefix(path, name+".")
}

// FieldOf returns the ID of the field of the form that a fault is about, or "".
func (c launchCheck) FieldOf(fault inspect.Fault) string {
	for _, section := range c.Sections {
		for _, field := range section.Fields {
			if isWithin(fault.Path, field.Name) {
				return field.ID
			}
		}
	}
	return ""
}

// editorFault is a fault as the script of the editor reads it.
type editorFault struct {
	Message string   `json:"message"`
	Line    int      `json:"line"`
	Column  int      `json:"column"`
	Path    string   `json:"path"`
	Names   []string `json:"names"` // the path, name by name
}

// EditorFaults returns the faults for the editor, which marks them in the text.
func (c launchCheck) EditorFaults() []editorFault {
	list := []editorFault{}
	for _, fault := range c.Faults {
		names := splitPath(fault.Path)
		for i := range names {
			names[i], _, _ = strings.Cut(names[i], "[")
		}
		list = append(list, editorFault{fault.Message, fault.Line, fault.Column, fault.Path, names})
	}
	return list
}

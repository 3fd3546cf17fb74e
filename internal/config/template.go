package config

import (
	"reflect"
	"strings"

	"github.com/fxrun/fxrun/internal/snakecase"
	"github.com/fxrun/fxrun/internal/typename"
)

// Template writes a run config that a person completes.
type Template struct{ text templateText }

// NewTemplate returns an empty template. It does not show values that come from
// one of the secret variables.
func NewTemplate(secrets SecretVariables) Template {
	return Template{templateText{out: new(strings.Builder), secrets: secrets}}
}

// Begin begins the section called name.
func (t Template) Begin(name string) { t.text.line(name + ":") }

// Add writes the config of one resource or step, with the values of launch, in
// the section that was begun last.
func (t Template) Add(key, description string, definition *Definition, launch LaunchValues) {
	t.text.inside().config(key, description, definition, launch)
}

// Explain writes a comment in the section that was begun last.
func (t Template) Explain(text string) { t.text.inside().comment(text) }

// String returns the text that was written so far, as YAML.
func (t Template) String() string { return t.text.out.String() }

// config writes the config of one resource or step.
func (t templateText) config(key, description string, definition *Definition, launch LaunchValues) {
	t.comment(description)
	t.line(yamlKey(key) + ":")
	t.inside().line("config:")
	config, _ := definition.Resolve("", launch)
	fields := &templateFields{config: definition, resolved: config, launch: launch, secrets: t.secrets}
	fields.write(t.inside().inside(), definition.tree())
}

// fieldTree has the fields of a config, nested as in a run config.
type fieldTree struct {
	name  string
	at    int // the index among the fields of the config; -1 for a section
	below []*fieldTree
}

// tree nests the fields, in the order of the struct.
func (c *Definition) tree() []*fieldTree {
	root := new(fieldTree)
	for i := range c.fields {
		names := strings.Split(c.fields[i].path, ".")
		at := root
		for _, name := range names[:len(names)-1] {
			at = at.section(name)
		}
		at.below = append(at.below, &fieldTree{name: names[len(names)-1], at: i})
	}
	return root.below
}

func (t *fieldTree) section(name string) *fieldTree {
	for _, inner := range t.below {
		if inner.name == name && inner.at < 0 {
			return inner
		}
	}
	inner := &fieldTree{name: name, at: -1}
	t.below = append(t.below, inner)
	return inner
}

// templateFields writes the fields of one resource.
type templateFields struct {
	config   *Definition
	resolved Resolved
	launch   LaunchValues
	secrets  SecretVariables
}

func (f *templateFields) write(text templateText, fields []*fieldTree) {
	for _, at := range fields {
		if at.at < 0 {
			if f.settable(at) {
				text.line(yamlKey(at.name) + ":")
				f.write(text.inside(), at.below)
			}
			continue
		}
		if field := &f.config.fields[at.at]; !field.fixed {
			f.writeField(text, field, at)
		}
	}
}

// settable reports whether a launch may set anything in a section.
func (f *templateFields) settable(section *fieldTree) bool {
	for _, at := range section.below {
		if at.at < 0 && f.settable(at) || at.at >= 0 && !f.config.fields[at.at].fixed {
			return true
		}
	}
	return false
}

func (f *templateFields) writeField(text templateText, field *Leaf, at *fieldTree) {
	from := f.resolved.origins[at.at]
	text.comment(field.desc)
	text.comment(field.about(from))
	f.describeItems(text, field.typ)
	value := f.value(field, at)
	given, isGiven := f.launch[field.path]
	if reference, ok := given.reference(field); ok {
		value = "{env: " + reference + "}"
	} else if references, ok := f.withReferences(field, given); ok {
		value = references
	}
	setting := strings.TrimSpace(yamlKey(at.name) + ": " + value)
	if isGiven && value != "" || field.atLaunch || field.required && from.source == SourceMissing {
		text.line(setting)
		return
	}
	text.line("#" + setting)
}

// withReferences returns a value that a launch gives, with the references in
// it.
func (f *templateFields) withReferences(field *Leaf, given launchValue) (string, bool) {
	if given.node == nil || given.broken || len(f.config.shapes.references(field.typ, given.node)) == 0 {
		return "", false
	}
	shown, ok := given.shown(f.config.shapes, field)
	if !ok {
		return "", false
	}
	text, err := plainJSON(shown)
	return string(text), err == nil
}

// describeItems describes the structs in a list or a map.
func (f *templateFields) describeItems(text templateText, t reflect.Type) {
	if !holdsItems(t) {
		return
	}
	for t.Kind() != reflect.Struct {
		t = t.Elem()
	}
	text.comment("each item has:")
	shapes := f.config.shapes
	for i := range shapes.item(t).fields {
		field := &shapes.item(t).fields[i]
		about := field.path + ": " + field.about(origin{source: SourceZero})
		if field.text != "" {
			about += "; default " + shapes.shownDefault(field)
		}
		if field.desc != "" {
			about += "; " + field.desc
		}
		text.comment("- " + strings.ReplaceAll(about, "\n", " "))
	}
}

// about returns a text that says which values a field may have, and where its
// value comes from.
func (f *Leaf) about(from origin) string {
	texts := []string{typename.Of(f.typ)}
	if len(f.texts) > 0 {
		texts = append(texts, f.allowed())
	}
	if f.min.text != "" {
		texts = append(texts, "at least "+f.counted(f.min))
	}
	if f.max.text != "" {
		texts = append(texts, "at most "+f.counted(f.max))
	}
	if f.pattern != nil {
		texts = append(texts, "matches "+f.pattern.String())
	}
	switch {
	case f.atLaunch:
		texts = append(texts, "must be given at launch")
	case f.required:
		texts = append(texts, "required")
	}
	switch from.source {
	case SourceZero, SourceMissing:
		if f.key != "" && !f.atLaunch {
			texts = append(texts, "else the environment variable "+f.key)
		}
	case SourceEnv:
		texts = append(texts, "now from the environment variable "+from.variable)
	default:
		texts = append(texts, "now from "+string(from.source))
	}
	return strings.Join(texts, "; ")
}

// Value returns the current value of the field. It returns "" if there is no
// value that may be shown.
func (f *templateFields) value(field *Leaf, at *fieldTree) string {
	if field.secret {
		return field.suggestedReference(at.name)
	}
	origin := f.resolved.origins[at.at]
	if f.secrets[origin.variable] { // the name of the variable is probably wrong
		return "{env: " + origin.variable + "}"
	}
	value, ok := fieldByIndex(f.resolved.Value, field.index)
	if !ok || origin.unreadable || origin.source == SourceMissing || field.atLaunch && origin.source != SourceLaunch {
		return ""
	}
	if value.Kind() == reflect.Pointer && value.IsNil() {
		return ""
	}
	if origin.source == SourceZero && decodesText(bareType(field.typ)) || field.violation(value) != "" {
		return "" // the value could not be read back
	}
	return flowYAML(f.config.shapes.launchText(value))
}

// suggestedReference returns a reference by which a launch can give a secret.
func (f *Leaf) suggestedReference(name string) string {
	if !refers(f.typ) {
		return ""
	}
	for _, variable := range []string{f.key, strings.ToUpper(snakecase.Of(name))} {
		if variableName.MatchString(variable) {
			return "{env: " + variable + "}"
		}
	}
	return "{env: NAME}"
}

// reference returns the variable that a launch refers to for the field.
func (v launchValue) reference(field *Leaf) (name string, ok bool) {
	if v.node == nil || v.broken { // a wrong name may be a secret
		return "", false
	}
	return reference(field.typ, v.node)
}

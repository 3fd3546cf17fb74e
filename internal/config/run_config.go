package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/internal/fault"
)

// RunConfig is the config given at launch. The zero RunConfig gives none.
//
// As YAML or JSON it has the form that [ParseRunConfig] reads:
//
//	resources:
//	  warehouse:
//	    config:
//	      table: orders_2026
//	      password: {env: WAREHOUSE_PASSWORD}
//	steps:
//	  raw/orders:
//	    config:
//	      limit: 100
type RunConfig struct {
	// Resources is the config of resources by key. Each value is a struct of
	// the config type of the resource, or Fields. A struct sets its fields that
	// are not zero, and Fields set all their fields.
	Resources map[string]any
	// Steps is the config of steps by key, in the same way; see [StepConfig].
	Steps map[string]any
}

// Fields sets config fields by their names in a run config, also to zero
// values. The fields of a nested struct are Fields of their own.
type Fields map[string]any

// layers are sources of one config. A later source overrides the earlier ones.
type layers []any

// attributed is a source of a config, and who has given it.
type attributed struct {
	by     string
	source any
}

// ParseRunConfig reads a run config from YAML, or JSON, which is YAML. Its
// errors match [ErrInvalid] and give line and column. What it reads is checked
// against the resources and the steps when a child is opened or checked.
func ParseRunConfig(text []byte) (RunConfig, error) {
	document, err := parseDocument(text)
	if err != nil {
		return RunConfig{}, fault.Join("reading the run config", []error{err})
	}
	if document == nil {
		return RunConfig{}, nil
	}
	var config RunConfig
	var faults []error
	eachEntry(document, "the run config", &faults, func(key, value *yaml.Node) {
		switch key.Value {
		case "resources":
			config.Resources = readConfigs("resources", value, &faults)
		case "steps":
			config.Steps = readConfigs("steps", value, &faults)
		default:
			faults = append(faults, &FieldError{Path: key.Value, Line: key.Line, Column: key.Column, Message: "there is no such section, only resources and steps"})
		}
	})
	return config, fault.Join("reading the run config", faults)
}

// byteOrderMark may stand at the beginning of a file.
var byteOrderMark = []byte("\ufeff")

// parseDocument returns the node of a text with one document. Its aliases do not grow
// without end, and its merge keys are resolved. The node is nil if there is nothing in the
// text.
func parseDocument(text []byte) (*yaml.Node, error) {
	if node := nodeOfJSON(bytes.TrimPrefix(text, byteOrderMark)); node != nil {
		return node, expandable(node, 0, new(int))
	}
	var document, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, yamlSyntax(text, err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, fault.Errorf("line %d: expected one document, here begins a second", second.Line)
	case !errors.Is(err, io.EOF):
		return nil, yamlSyntax(text, err)
	}
	if document.Kind == 0 || len(document.Content) == 0 {
		return nil, nil
	}
	node := document.Content[0]
	if err := expandable(node, 0, new(int)); err != nil {
		return nil, err
	}
	return node, mergeKeys(node)
}

// readConfigs reads a map from keys to configs.
func readConfigs(section string, node *yaml.Node, faults *[]error) map[string]any {
	configs := make(map[string]any)
	eachEntry(node, section, faults, func(key, value *yaml.Node) {
		at := section + "." + key.Value
		configs[key.Value] = nil // an entry without a config may have an unknown key too
		eachEntry(value, at, faults, func(section, config *yaml.Node) {
			if section.Value != "config" {
				*faults = append(*faults, &FieldError{Path: joinPath(at, section.Value), Line: section.Line, Column: section.Column, Message: "there is no such section, only config"})
				return
			}
			configs[key.Value] = config
		})
	})
	return configs
}

// eachEntry visits the entries of a map. It reports a node that is not a map,
// and keys that stand twice.
func eachEntry(node *yaml.Node, at string, faults *[]error, visit func(key, value *yaml.Node)) {
	node = followAlias(node)
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return
	}
	if node.Kind != yaml.MappingNode {
		*faults = append(*faults, &FieldError{Path: at, Line: node.Line, Column: node.Column, Message: "expected a map, not " + kindOfNode(node)})
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if seen[key.Value] {
			*faults = append(*faults, &FieldError{Path: joinPath(at, key.Value), Line: key.Line, Column: key.Column, Message: "it stands there twice"})
			continue
		}
		seen[key.Value] = true
		visit(key, node.Content[i+1])
	}
}

// maxNodes limits the number of nodes in a run config after its aliases are
// expanded.
const maxNodes = 100_000

// expandable refuses aliases that contain themselves, and aliases that grow too
// much.
func expandable(node *yaml.Node, depth int, count *int) error {
	*count++
	if depth > 100 || *count > maxNodes {
		return fault.Errorf("line %d: nested too deeply, or aliases that grow without end", node.Line)
	}
	if node.Kind == yaml.AliasNode {
		return expandable(node.Alias, depth+1, count)
	}
	for _, child := range node.Content {
		if err := expandable(child, depth+1, count); err != nil {
			return err
		}
	}
	return nil
}

var quoted = regexp.MustCompile("(?s)`.*`|anchor '.*'")

// yamlSyntax returns the error of broken YAML without its text, because YAML
// reads a password that begins with an asterisk as the name of an anchor.
func yamlSyntax(document []byte, err error) error {
	if name := unknownAnchor.FindStringSubmatch(err.Error()); name != nil {
		return fmt.Errorf("not YAML: %sa word that begins with * refers to an anchor, and there is none: put quotes around it", lineOfAlias(document, name[1]))
	}
	text := quoted.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "anchor")
	if strings.Contains(text, "character that cannot start any token") {
		text += hintOfToken(document)
	}
	return errors.New("not YAML: " + text)
}

// hintOfToken says what may be wrong with a character that YAML reads no value from.
func hintOfToken(document []byte) string {
	if bytes.Contains(document, []byte("\t")) {
		return " (a tab, perhaps: YAML is indented by spaces)"
	}
	return " (put quotes around text that begins with @, % or a backquote)"
}

var unknownAnchor = regexp.MustCompile("unknown anchor '(.*)' referenced")

// lineOfAlias returns the line of an alias, which the error of the library does
// not have. It returns "" if several lines are possible.
func lineOfAlias(document []byte, name string) string {
	alias := regexp.MustCompile(`(?:^|[\s,\[{])\*` + regexp.QuoteMeta(name) + `(?:$|[\s,\]}])`)
	found := alias.FindAllIndex(document, 2)
	if len(found) != 1 {
		return ""
	}
	before, _, _ := bytes.Cut(document[found[0][0]:], []byte("*"))
	return fmt.Sprintf("line %d: ", 1+bytes.Count(document[:found[0][0]+len(before)], []byte("\n")))
}

// Set sets one field by its full path, as in "resources.warehouse.config.table"
// or "steps.raw/orders.config.limit", to a text. A field of text takes the text
// without a change. Other fields read the text as that of an environment
// variable: 5s, yes, "80, 81", [80, 81]. Only {env: NAME} refers to a variable,
// for every field. Set returns a new RunConfig. Its error matches [ErrInvalid].
func (c RunConfig) Set(path, text string) (RunConfig, error) {
	given := setText{text: text, node: parsedNode(text)}
	if looksLikeReference(given.node) {
		return c.set(path, given.node)
	}
	return c.set(path, given)
}

// SetYAML does what [RunConfig.Set] does, with a value that is written in YAML,
// as in a file: "quoted text", null, [a, b], {env: NAME}.
func (c RunConfig) SetYAML(path, value string) (RunConfig, error) {
	if node := parsedNode(value); node != nil {
		return c.set(path, node)
	}
	var nothing yaml.Node
	if err := yaml.Unmarshal([]byte(value), &nothing); err != nil || len(nothing.Content) > 0 {
		return c, fault.Join("setting "+path, []error{errors.New("the value is not YAML: put quotes around it")})
	}
	return c.set(path, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"})
}

// setText is the text that Set gives. The type of the field decides how the
// text is read.
type setText struct {
	text string
	node *yaml.Node // the text read as YAML; nil if it is not YAML
}

func (c RunConfig) set(path string, given any) (RunConfig, error) {
	section, key, names, ok := cutPath(path)
	if !ok {
		return c, fault.Join("setting "+path, []error{errors.New("a path has the form resources.KEY.config.FIELD or steps.KEY.config.FIELD")})
	}
	for _, name := range slices.Backward(names) {
		given = Fields{name: given}
	}
	config := map[string]any{key: given}
	if section == "steps" {
		return c.Merge(RunConfig{Steps: config}), nil
	}
	return c.Merge(RunConfig{Resources: config}), nil
}

// cutPath splits a path into its section, the key, and the names of the field.
// The key of a step may contain dots, but no part config; see checkStepKey.
func cutPath(path string) (section, key string, names []string, ok bool) {
	section, rest, _ := strings.Cut(path, ".")
	key, field, _ := strings.Cut(rest, ".config.")
	names = strings.Split(field, ".")
	ok = key != "" && !slices.Contains(names, "") &&
		(section == "steps" || section == "resources" && !strings.Contains(key, "."))
	return section, key, names, ok
}

// GivenBy returns the same config, which knows who has given it: a short text for people,
// as in "--set" or "job nightly". Field.GivenBy shows it. Where a config was given such a
// text before, that one stays.
func (c RunConfig) GivenBy(who string) RunConfig {
	return RunConfig{Resources: givenBy(who, c.Resources), Steps: givenBy(who, c.Steps)}
}

func givenBy(who string, configs map[string]any) map[string]any {
	marked := maps.Clone(configs)
	for key, source := range marked {
		if source != nil {
			marked[key] = attributed{who, source}
		}
	}
	return marked
}

// Merge returns a config with the fields of c and of over. The fields of over
// win. Merge changes neither of the two.
func (c RunConfig) Merge(over RunConfig) RunConfig {
	return RunConfig{Resources: mergeConfigs(c.Resources, over.Resources), Steps: mergeConfigs(c.Steps, over.Steps)}
}

func mergeConfigs(below, over map[string]any) map[string]any {
	merged := maps.Clone(below)
	for key, source := range over {
		if merged == nil {
			merged = make(map[string]any)
		}
		if lower, ok := merged[key]; ok {
			source = layers{lower, source}
		}
		merged[key] = source
	}
	return merged
}

// Format writes [RunConfig.String] for every verb: %#v would reach the values.
func (c RunConfig) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns [RunConfig.String].
func (c RunConfig) LogValue() slog.Value { return slog.StringValue(c.String()) }

// errRunConfigLiterals is the error of an attempt to write a run config.
var errRunConfigLiterals = errors.New("a run config may hold secrets: write what Container.LaunchJSON returns")

// MarshalJSON returns an error, because a run config may contain literal
// secrets. The result of [Container.LaunchJSON] may be stored and shown.
func (c RunConfig) MarshalJSON() ([]byte, error) { return nil, errRunConfigLiterals }

// MarshalYAML returns the same error as [RunConfig.MarshalJSON].
func (c RunConfig) MarshalYAML() (any, error) { return nil, errRunConfigLiterals }

// String returns the names of the resources and the steps in the config,
// without any value.
func (c RunConfig) String() string {
	var parts []string
	if len(c.Resources) > 0 || len(c.Steps) == 0 {
		parts = append(parts, "resources "+strings.Join(slices.Sorted(maps.Keys(c.Resources)), ", "))
	}
	if len(c.Steps) > 0 {
		parts = append(parts, "steps "+strings.Join(slices.Sorted(maps.Keys(c.Steps)), ", "))
	}
	return "run config of " + strings.Join(parts, " and ")
}

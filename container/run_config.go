package container

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
type RunConfig struct {
	// Resources is the config of resources by key. Each value is a struct of
	// the resource's config type, of which the non-zero fields count, or
	// Fields, of which all count.
	Resources map[string]any
}

// Fields sets config fields by their names in a run config, exactly: zero
// values count. A nested struct's fields are Fields of their own.
type Fields map[string]any

// layers are sources of one resource's config, each over the one before.
type layers []any

// ParseRunConfig reads a run config from YAML, or JSON, which is YAML. Its
// errors match [ErrInvalid] and give line and column. What it reads is checked
// against the resources when a child is opened or checked.
func ParseRunConfig(text []byte) (RunConfig, error) {
	var document, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return RunConfig{}, JoinFaults("reading the run config", []error{yamlSyntax(err)})
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return RunConfig{}, JoinFaults("reading the run config", []error{faultf("line %d: expected one document, here begins a second", second.Line)})
	case !errors.Is(err, io.EOF):
		return RunConfig{}, JoinFaults("reading the run config", []error{yamlSyntax(err)})
	}
	if document.Kind == 0 || len(document.Content) == 0 {
		return RunConfig{}, nil
	}
	var config RunConfig
	var faults []error
	if err := expandable(&document, 0, new(int)); err != nil {
		return RunConfig{}, JoinFaults("reading the run config", []error{err})
	}
	eachEntry(document.Content[0], "the run config", &faults, func(key, value *yaml.Node) {
		if key.Value != "resources" {
			faults = append(faults, faultf("%s%s: there is no such section, only resources", key.Value, where(key)))
			return
		}
		config.Resources = readResources(value, &faults)
	})
	return config, JoinFaults("reading the run config", faults)
}

func readResources(node *yaml.Node, faults *[]error) map[string]any {
	resources := make(map[string]any)
	eachEntry(node, "resources", faults, func(key, value *yaml.Node) {
		at := "resources." + key.Value
		eachEntry(value, at, faults, func(section, config *yaml.Node) {
			if section.Value != "config" {
				*faults = append(*faults, faultf("%s.%s%s: there is no such section, only config", at, section.Value, where(section)))
				return
			}
			resources[key.Value] = config
		})
	})
	return resources
}

// eachEntry visits the entries of a map, and reports what is none and keys
// that stand twice.
func eachEntry(node *yaml.Node, at string, faults *[]error, visit func(key, value *yaml.Node)) {
	node = followAlias(node)
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return
	}
	if node.Kind != yaml.MappingNode {
		*faults = append(*faults, faultf("%s%s: expected a map, not %s", at, where(node), kindOfNode(node)))
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if seen[key.Value] {
			*faults = append(*faults, faultf("%s.%s%s: it stands there twice", at, key.Value, where(key)))
			continue
		}
		seen[key.Value] = true
		visit(key, node.Content[i+1])
	}
}

// maxNodes bounds what aliases in a run config may grow to.
const maxNodes = 100_000

// expandable refuses aliases that contain themselves or multiply without end.
func expandable(node *yaml.Node, depth int, count *int) error {
	*count++
	if depth > 100 || *count > maxNodes {
		return faultf("line %d: nested too deeply, or aliases that grow without end", node.Line)
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

// yamlSyntax says where YAML is broken without quoting it: a password that
// begins with an asterisk is read as the name of an anchor.
func yamlSyntax(err error) error {
	text := quoted.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "anchor")
	if strings.Contains(text, "character that cannot start any token") {
		text += " (a tab, perhaps: YAML is indented by spaces)"
	}
	return errors.New("not YAML: " + text)
}

// Set sets one field by its full path, as in
// "resources.warehouse.config.table", to a value written in YAML: text, a
// number, [a, b], {env: NAME}. It returns a new RunConfig; its error matches
// [ErrInvalid].
func (c RunConfig) Set(path, value string) (RunConfig, error) {
	doing := "setting " + path
	names := strings.Split(path, ".")
	if len(names) < 4 || names[0] != "resources" || names[2] != "config" || slices.Contains(names, "") {
		return c, JoinFaults(doing, []error{errors.New("a path has the form resources.KEY.config.FIELD")})
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(value), &document); err != nil {
		return c, JoinFaults(doing, []error{errors.New("the value is not YAML: put quotes around it")})
	}
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str"}
	if len(document.Content) > 0 {
		node = document.Content[0]
	}
	if err := expandable(node, 0, new(int)); err != nil {
		return c, JoinFaults(doing, []error{err})
	}
	forgetPosition(node)
	var field any = node
	for _, name := range slices.Backward(names[3:]) {
		field = Fields{name: field}
	}
	return c.Merge(RunConfig{Resources: map[string]any{names[1]: field}}), nil
}

// forgetPosition drops line and column, which would speak of one value's text.
func forgetPosition(node *yaml.Node) {
	node.Line, node.Column = 0, 0
	for _, child := range node.Content {
		forgetPosition(child)
	}
}

// Merge returns the config of c with that of over laid on top, field by field.
// Neither is changed.
func (c RunConfig) Merge(over RunConfig) RunConfig {
	merged := RunConfig{Resources: maps.Clone(c.Resources)}
	for key, source := range over.Resources {
		if merged.Resources == nil {
			merged.Resources = make(map[string]any)
		}
		if below, ok := merged.Resources[key]; ok {
			source = layers{below, source}
		}
		merged.Resources[key] = source
	}
	return merged
}

// Format writes [RunConfig.String] for every verb: %#v would reach the values.
func (c RunConfig) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns [RunConfig.String].
func (c RunConfig) LogValue() slog.Value { return slog.StringValue(c.String()) }

// errRunConfigLiterals is why a run config is not written as it is.
var errRunConfigLiterals = errors.New("a run config may hold secrets: write what Container.LaunchJSON returns")

// MarshalJSON refuses, since a secret may be given as a literal: what
// [Container.LaunchJSON] returns may be stored and shown.
func (c RunConfig) MarshalJSON() ([]byte, error) { return nil, errRunConfigLiterals }

// MarshalYAML refuses as [RunConfig.MarshalJSON] does.
func (c RunConfig) MarshalYAML() (any, error) { return nil, errRunConfigLiterals }

// String names the resources that the config speaks of, without any value.
func (c RunConfig) String() string {
	return fmt.Sprintf("run config of resources %s", strings.Join(slices.Sorted(maps.Keys(c.Resources)), ", "))
}

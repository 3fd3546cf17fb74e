package runs

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
)

// ParseLimits reads limits from YAML or JSON:
//
//	runs: 4
//	tags: {team=sales: 2, customer: 1}
//	pools: {warehouse: 3}
//
// A tag without a value is a limit for each of its values. The error names all faults,
// and matches container.ErrInvalid.
func ParseLimits(text string) (Limits, error) {
	var reader limitsReader
	limits := reader.read(text)
	if err := fault.Join("reading the limits", reader.faults); err != nil {
		return Limits{}, err
	}
	return limits, nil
}

// limitsReader gathers the faults of a text with limits.
type limitsReader struct{ faults []error }

func (r *limitsReader) read(text string) (limits Limits) {
	var document yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(text))
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) { // nothing, or comments
		return limits
	}
	if err == nil {
		err = onlyOne(decoder)
	}
	if err != nil {
		r.faults = append(r.faults, fmt.Errorf("it must look like %s: %w", limitsExample, err))
		return limits
	}
	for name, node := range r.entries(document.Content[0], "") {
		switch name {
		case "runs":
			limits.Runs = r.number(&node, name)
		case "tags":
			numbers := r.numbers(&node, name)
			for _, tag := range slices.Sorted(maps.Keys(numbers)) {
				key, value, hasValue := strings.Cut(tag, "=")
				if hasValue && value == "" { // without a value it would limit each value of the tag
					r.faults = append(r.faults, fmt.Errorf("tags.%s: its value is missing: write %s=VALUE, or %s for each value of the tag", tag, key, key))
				}
				limits.Tags = append(limits.Tags, TagLimit{Key: key, Value: value, Runs: numbers[tag]})
			}
		case "pools":
			limits.Pools = r.numbers(&node, name)
		default:
			known := []string{"runs", "tags", "pools"}
			r.faults = append(r.faults, fmt.Errorf("%s: unknown%s; it must look like %s", name, nearest.Suggestion(name, known), limitsExample))
		}
	}
	slices.SortFunc(r.faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) }) // maps have no order
	return limits
}

// onlyOne reports what stands behind the first document.
func onlyOne(decoder *yaml.Decoder) error {
	err := decoder.Decode(new(yaml.Node))
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return errors.New("there is more than one document")
	}
	return err
}

const limitsExample = "{runs: 4, tags: {team=sales: 2}, pools: {warehouse: 3}}"

// entries returns what a mapping holds, and nil for null.
func (r *limitsReader) entries(node *yaml.Node, name string) (entries map[string]yaml.Node) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch {
	case node.ShortTag() == "!!null":
	case node.Kind != yaml.MappingNode && name == "":
		r.faults = append(r.faults, errors.New("it must look like "+limitsExample))
	case node.Kind != yaml.MappingNode:
		r.faults = append(r.faults, fmt.Errorf("%s: it must be a map from names to whole numbers, as in %s", name, limitsExample))
	default:
		if err := node.Decode(&entries); err != nil {
			r.faults = append(r.faults, fmt.Errorf("it must look like %s: %w", limitsExample, err))
			return nil
		}
	}
	return entries
}

// numbers returns the whole numbers that a mapping holds, and nil for none.
func (r *limitsReader) numbers(node *yaml.Node, name string) (numbers map[string]int) {
	for key, value := range r.entries(node, name) {
		if numbers == nil {
			numbers = make(map[string]int)
		}
		numbers[key] = r.number(&value, name+"."+key)
	}
	return numbers
}

// number returns a whole number. The YAML parser would cut the digits behind the point off.
func (r *limitsReader) number(node *yaml.Node, name string) (number int) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if err := node.Decode(&number); err != nil || node.ShortTag() != "!!int" || isOctal(node.Value) {
		r.faults = append(r.faults, fmt.Errorf("%s: it must be a whole number, such as 4%s", name, butIs(node)))
	}
	return number
}

// isOctal reports whether the YAML parser reads a number as octal because of its first
// digit, so that 010 is eight.
func isOctal(text string) bool {
	return len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9'
}

// butIs says what stands in the place of a number, if that is a short text.
func butIs(node *yaml.Node) string {
	if node.Kind != yaml.ScalarNode || node.Value == "" {
		return ""
	}
	return fmt.Sprintf("; it is %q", node.Value)
}

package runs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/internal/fault"
)

// ParseLimits reads limits from YAML or JSON:
//
//	runs: 4
//	tags: {team=sales: 2, customer: 1}
//	pools: {warehouse: 3}
//
// A tag without a value is a limit for each of its values. The error matches
// container.ErrInvalid.
func ParseLimits(text string) (Limits, error) {
	var document struct {
		Runs  whole            `yaml:"runs"`
		Tags  map[string]whole `yaml:"tags"`
		Pools map[string]whole `yaml:"pools"`
	}
	decoder := yaml.NewDecoder(bytes.NewBufferString(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return Limits{}, fault.Join("reading the limits", []error{fmt.Errorf("it must look like {runs: 4, tags: {team=sales: 2}, pools: {warehouse: 3}}: %w", err)})
	}
	limits := Limits{Runs: int(document.Runs)}
	for pool, places := range document.Pools {
		if limits.Pools == nil {
			limits.Pools = make(map[string]int)
		}
		limits.Pools[pool] = int(places)
	}
	for _, tag := range slices.Sorted(maps.Keys(document.Tags)) {
		key, value, _ := strings.Cut(tag, "=")
		limits.Tags = append(limits.Tags, TagLimit{Key: key, Value: value, Runs: int(document.Tags[tag])})
	}
	return limits, nil
}

// whole is a whole number. The YAML parser would cut the digits behind the point off.
type whole int

// UnmarshalYAML reads the number.
func (w *whole) UnmarshalYAML(node *yaml.Node) error {
	var number int
	if err := node.Decode(&number); err != nil {
		return err
	}
	if node.Tag != "!!int" {
		return fmt.Errorf("line %d: %s is no whole number", node.Line, node.Value)
	}
	*w = whole(number)
	return nil
}

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
		Runs  int            `yaml:"runs"`
		Tags  map[string]int `yaml:"tags"`
		Pools map[string]int `yaml:"pools"`
	}
	decoder := yaml.NewDecoder(bytes.NewBufferString(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return Limits{}, fault.Join("reading the limits", []error{fmt.Errorf("it must look like {runs: 4, tags: {team=sales: 2}, pools: {warehouse: 3}}: %w", err)})
	}
	limits := Limits{Runs: document.Runs, Pools: document.Pools}
	for _, tag := range slices.Sorted(maps.Keys(document.Tags)) {
		key, value, _ := strings.Cut(tag, "=")
		limits.Tags = append(limits.Tags, TagLimit{Key: key, Value: value, Runs: document.Tags[tag]})
	}
	return limits, nil
}

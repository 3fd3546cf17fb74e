package config

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
)

// switches are the tags that are true or false.
var switches = []string{"required", "split_words", "ignored"}

// leafTags are the tags that a field must not have if it is a nested struct.
var leafTags = []string{"enum", "min", "max", "pattern", "default", "required", secretTag}

// longTags are the tags of a config with names so long that a similar name is
// mistyped, and not a tag of another package.
var longTags = []string{"default", "required", "ignored", "pattern", "envconfig", "split_words"}

var tagKey = regexp.MustCompile(`^\s*([^\s":]+):("(?:[^"\\]|\\.)*")`)

// wrongTags reports mistyped tags of a field, because they would have no
// effect.
func wrongTags(tag reflect.StructTag) []error {
	var faults []error
	for _, name := range switches {
		if text, ok := tag.Lookup(name); ok {
			if _, err := strconv.ParseBool(text); err != nil {
				faults = append(faults, fault.Errorf("its %s tag is %q: write true or false", name, text))
			}
		}
	}
	rest := string(tag)
	for strings.TrimSpace(rest) != "" {
		found := tagKey.FindStringSubmatch(rest)
		if found == nil {
			return append(faults, fault.Errorf("its tags are not all of the form name:\"text\""))
		}
		rest = rest[len(found[0]):]
		if meant := mistyped(found[1]); meant != "" {
			faults = append(faults, fault.Errorf("it has a tag %s, did you mean %s?", found[1], meant))
		}
	}
	return faults
}

// mistyped returns the tag that was probably meant. It returns "" for a tag of
// another package.
func mistyped(name string) string {
	if slices.Contains(longTags, name) || name == "defaults" {
		return ""
	}
	plain := strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	for _, tag := range longTags {
		if nearest.Name(plain, []string{tag}) == tag && abs(len(plain)-len(tag)) <= 1 {
			return tag
		}
	}
	return ""
}

func abs(n int) int { return max(n, -n) }

// leafTag returns the first tag that a nested struct may not have.
func leafTag(tag reflect.StructTag) string {
	for _, name := range leafTags {
		if _, ok := tag.Lookup(name); ok {
			return name
		}
	}
	return ""
}

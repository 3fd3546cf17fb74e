package config

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// launchName returns the name of a field in a run config.
func launchName(field reflect.StructField) string {
	if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
		return name
	}
	return snakeCase(field.Name)
}

// snakeCase splits a Go name into lower-case words: BaseURL is base_url,
// HTTPPort is http_port.
func snakeCase(name string) string {
	runes := []rune(name)
	var words strings.Builder
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && runes[i-1] != '_' &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			words.WriteByte('_')
		}
		words.WriteRune(unicode.ToLower(r))
	}
	return words.String()
}

func joinPath(path, name string) string {
	switch {
	case path == "":
		return name
	case name == "":
		return path
	}
	return path + "." + name
}

func isTrue(text string) bool {
	value, _ := strconv.ParseBool(text)
	return value
}

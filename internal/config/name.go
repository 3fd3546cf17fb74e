package config

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/fxrun/fxrun/internal/snakecase"
)

// launchName returns the name of a field in a run config.
func launchName(field reflect.StructField) string {
	if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
		return name
	}
	return snakecase.Of(field.Name)
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

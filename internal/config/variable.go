package config

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"text/template"

	"github.com/kelseyhightower/envconfig"
)

// variableTemplate prints the name that envconfig gives the field, so that its
// rules for names are not copied here.
var variableTemplate = template.Must(template.New("variable").Parse("{{range .}}{{.Key}} {{.Alt}}\n{{end}}"))

// variableNames returns the environment variable that envconfig reads for the
// field, and the variable that it reads if this one is not set.
func variableNames(prefix string, field reflect.StructField) (key, alt string) {
	asText := reflect.StructField{Name: field.Name, Type: reflect.TypeFor[string](), Tag: field.Tag}
	single := reflect.New(reflect.StructOf([]reflect.StructField{asText}))
	var out strings.Builder
	if err := envconfig.Usaget(prefix, single.Interface(), &out, variableTemplate); err != nil {
		return "", ""
	}
	key, alt, _ = strings.Cut(strings.TrimSpace(out.String()), " ")
	return key, alt
}

// variable returns the name of the field's environment variable, its text, and whether it
// is set. The text is read once, since another goroutine may change it.
func (f *Leaf) variable() (name, text string, ok bool) {
	if f.key == "" {
		return "", "", false
	}
	if text, ok := os.LookupEnv(f.key); ok {
		return f.key, text, true
	}
	if f.alt != "" {
		if text, ok := os.LookupEnv(f.alt); ok {
			return f.alt, text, true
		}
	}
	return f.key, "", false
}

// readTag reads the text of a default, an enum, a min or a max tag.
func readTag(text string, t reflect.Type) (reflect.Value, error) {
	value := reflect.New(t).Elem()
	if reason := new(Shapes).readVariable(text, value); reason != "" {
		return reflect.Value{}, errors.New(reason)
	}
	return value, nil
}

package config_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxrun/fxrun/internal/config"
	own "github.com/fxrun/fxrun/internal/typename/config"
)

// faultsOf takes a config struct apart that has faults.
func faultsOf(t *testing.T, value any, opts ...config.Option) string {
	t.Helper()
	d, faults := config.NewDefinition("Config", value, opts)
	return strings.Join(texts(append(faults, d.Analyse(new(config.Shapes))...)), "\n")
}

func TestMistypedTagsAreFaults(t *testing.T) {
	t.Parallel()
	type nested struct{ A string }
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"required that is no boolean": {struct {
			A string `required:"yes"`
		}{}, `config field A: its required tag is "yes": write true or false`},
		"required that is empty": {struct {
			A string `required:""`
		}{}, `config field A: its required tag is "": write true or false`},
		"split_words that is no boolean": {struct {
			A string `split_words:"on"`
		}{}, `config field A: its split_words tag is "on": write true or false`},
		"ignored that is no boolean": {struct {
			A string `ignored:"y"`
		}{}, `config field A: its ignored tag is "y": write true or false`},
		"in a nested struct": {struct {
			N struct {
				A string `required:"yes"`
			}
		}{}, `config field N.A: its required tag`},
		"in an item of a list": {struct {
			N []struct {
				A string `required:"yes"`
			}
		}{}, `config field N[].A: its required tag`},
		"in an item of a map": {struct {
			N map[string]*struct {
				A int `min:"x"`
			}
		}{}, `config field N[].A: its min tag is not a valid int`},
		"a default that an item can't have": {struct {
			N []struct {
				A int `default:"x"`
			}
		}{}, `config field N[].A: its default tag is not a valid int`},
		"a name that is nearly a tag's": {struct {
			A string `requird:"true"`
		}{}, `config field A: it has a tag requird, did you mean required?`},
		"a tag with a dash": {struct {
			A string `split-words:"true"`
		}{}, `config field A: it has a tag split-words, did you mean split_words?`},
		"required on a nested struct": {struct {
			N nested `required:"true"`
		}{}, `config field N: its required tag has no effect on a struct: put it on a field`},
		"a default on an optional section": {struct {
			N *nested `default:"x"`
		}{}, `config field N: its default tag has no effect on a struct`},
		"a struct without public fields": {struct{ N *time.Location }{}, `config field N: time.Location has no field that can be configured: tag the field ignored:"true"`},
		"a lock":                         {struct{ N sync.Mutex }{}, `config field N: sync.Mutex has no field that can be configured`},
		"a list of such structs":         {struct{ N []*time.Location }{}, `config field N: time.Location can't be configured`},
		"a function in an item":          {struct{ N []struct{ F func() } }{}, `config field N[].F: func() can't be configured`},
		"an item that contains itself":   {struct{ N []node }{}, `contains itself at field N[].Next`},
		"keys of a type that is called as a secret": {
			struct{ N map[own.Secret[string]]int }{}, `config field N: map[config.Secret[string]]int, whose keys are not single values, can't be configured`,
		},
		"keys that are no single values": {struct{ N map[[2]int]string }{}, `whose keys are not single values, can't be configured`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := faultsOf(t, test.value); !strings.Contains(got, test.want) || strings.Contains(got, "\n") {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
		})
	}
	t.Run("tags of others are none", func(t *testing.T) {
		t.Parallel()
		type config struct {
			A string `yaml:"a" toml:"b" db:"c" env:"D" form:"e" bin:"f" mapstructure:"g" validate:"required" description:"h" json:"a,omitempty"`
			B string `required:"1" ignored:"F" split_words:"TRUE"`
		}
		if got := faultsOf(t, config{}); got != "" {
			t.Error(got)
		}
	})
}

// node contains itself through a pointer.
type node struct{ Next *node }

func TestTwoFieldsThatReadOneVariableAreAFault(t *testing.T) {
	t.Parallel()
	type nested struct {
		User string
		Port int
	}
	for name, value := range map[string]any{
		"by an envconfig tag": struct {
			Login string `envconfig:"USER"`
			User  string
		}{},
		"in a nested struct": struct {
			Auth     nested
			AuthUser string `envconfig:"auth_user"`
		}{},
		"by words that are not parted": struct {
			MinRows int
			Minrows int `json:"other"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := faultsOf(t, value, config.FromEnv("TWO")); !strings.Contains(got, "both read the environment variable TWO_") {
				t.Errorf("got %q", got)
			}
			if got := faultsOf(t, value); got != "" {
				t.Errorf("without FromEnv: %s", got)
			}
		})
	}
	t.Run("by the name without the prefix", func(t *testing.T) {
		t.Parallel()
		type shared struct {
			User  string `envconfig:"A_B"`
			Other struct {
				Name string `envconfig:"A_B"`
			}
		}
		if got := faultsOf(t, shared{}, config.FromEnv("X"), config.FromPlainEnv("User", "Other.Name")); !strings.Contains(got, "config fields User and Other.Name both read the environment variable A_B") {
			t.Errorf("got %q", got)
		}
	})
}

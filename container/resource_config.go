package container

import (
	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/signature"
)

// Config gives a resource its config: a struct, by value, of the type that the
// resource's constructor takes as a parameter. The type's exported fields are
// the config's fields, with envconfig's tags: default, required, envconfig,
// split_words, ignored, desc. Four more say which values are allowed:
//
//	Level string        `enum:"debug,info,warn"`  // one of these; for any type of a single value
//	Port  int           `min:"1" max:"65535"`     // for numbers
//	Wait  time.Duration `min:"100ms" max:"5s"`    // for durations
//	Name  string        `min:"3" pattern:"^[a-z]"` // characters; for lists items, for maps entries, for []byte bytes
//
// A tag holds for the value of every layer, also inside a pointer or a
// [Secret]; [New] checks the default tag and the value in code. A field that
// no layer sets, and a nil pointer, are allowed: required asks for a value. A
// pattern is one of package regexp, and matches anywhere in the text unless it
// has ^ and $.
//
// Each field gets its value from the highest of four layers: the default tag,
// the non-zero value in code, the environment (with [FromEnv]), the launch.
// A value set in code wins over a default tag, unlike with envconfig alone.
// The environment is read when a child is opened, never when definitions load.
//
// Each child gets a config of its own: slices, maps and pointers in fields are
// copied, so that a resource may change them. Values that hide their fields
// (a Secret[[]byte], a *regexp.Regexp) and fields tagged ignored:"true" are
// shared by all children: only read them.
//
// If the struct has a method Validate() error, it is called with the finished
// config before anything starts.
func Config(value any, opts ...ConfigOption) Option {
	return optionFunc(func(d *resourceDefinition) {
		config, faults := config.NewDefinition("container.Config", value, opts)
		d.faults = append(d.faults, faults...)
		if d.config != nil {
			d.faults = append(d.faults, fault.Errorf("it has two Config options: give one"))
		}
		d.config = config
	})
}

// isConfigOf reports whether a parameter with the key takes the config; false
// without one.
func isConfigOf(definition *config.Definition, key signature.Key) bool {
	if definition == nil {
		return false
	}
	t := definition.Type()
	return t != nil && key == signature.Key{Type: t}
}

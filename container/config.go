package container

import (
	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/resource"
)

// ConfigOption says where the fields of a config struct come from. See
// [FromEnv], [FromPlainEnv], [AtLaunch] and [Fixed].
type ConfigOption = config.Option

// FromEnv reads the fields of the config from environment variables, with the
// names that envconfig gives them: PREFIX_FIELD in upper case. The tag
// split_words:"true" separates the words of the name by underscores, and an
// envconfig tag takes the place of the name. With the empty prefix, the variable
// is FIELD. Unlike with envconfig alone, a variable without the prefix is not read:
// see [FromPlainEnv].
//
// Without FromEnv no variable is read, unless a launch asks for one by
// {env: NAME}.
func FromEnv(prefix string) ConfigOption { return config.FromEnv(prefix) }

// FromPlainEnv names Go fields that have an envconfig tag. If the variable with the
// prefix of [FromEnv] is not set, such a field is read from the variable that the
// tag names. This is the fallback of envconfig itself. If two configs of one type
// name a field, both read the same variable.
func FromPlainEnv(fields ...string) ConfigOption { return config.FromPlainEnv(fields...) }

// AtLaunch names the Go fields, such as Table, or Auth.User in a nested struct,
// whose value must be given at launch: in the run config of the launch itself, or
// in the one of its job. An empty text is not enough. Without these values no child
// is opened that needs the resource.
func AtLaunch(fields ...string) ConfigOption { return config.AtLaunch(fields...) }

// Fixed names the Go fields that a launch may not set.
func Fixed(fields ...string) ConfigOption { return config.Fixed(fields...) }

// Secret holds a value that is never shown: every String, Format, JSON, YAML,
// text and slog rendering of it is [Masked], also inside other values. Where a
// printer calls no methods, as fmt does with unexported fields, and where it
// follows pointers by reflection, it finds an address and not the value. Its
// method Reveal is the only way to the value.
//
// As a field of a config struct it is filled like a field of type T, and every
// description of that field (command line, errors, stored runs) is masked. Text
// and bytes arrive as they were given. The zero Secret holds the zero T and is
// masked too, so that a reader can't tell an empty secret from a set one.
//
// Secret is comparable when T is, and then == and reflect.DeepEqual compare the
// values that are held. Its method Equal compares the values of any T, and
// go-cmp calls it. A Secret is safe for concurrent use if T is.
type Secret[T any] = config.Secret[T]

// NewSecret returns a Secret that holds value.
func NewSecret[T any](value T) Secret[T] { return config.NewSecret(value) }

// Masked is what a [Secret] shows in place of its value, everywhere.
const Masked = config.Masked

// Masker masks the literal text of secrets in text that somebody else wrote, such as
// the error of a server that repeats what it was sent. Its method Mask finds a secret
// also as %q, JSON, HTML, URLs, base64 and hex write it. A nil Masker masks nothing. It
// is safe for concurrent use.
//
// What a run records and logs is masked already, as far as the secrets are in its
// config: see [Prepared.Mask]. A Masker is for a secret that a resource gets from
// elsewhere, and for programs without runs.
type Masker = config.Masker

// NewMasker returns a masker of secrets. Of a connection string and of a URL it masks
// the password too. It returns nil where all secrets are shorter than five bytes:
// such a text is found in many words that have nothing to do with it.
func NewMasker(secrets ...string) *Masker { return config.NewMasker(secrets...) }

// Source is the layer that a config field's value comes from.
type Source = config.Source

// The sources of a config field, lowest layer first.
const (
	// SourceZero: no layer gave a value, the field is zero.
	SourceZero = config.SourceZero
	// SourceDefault: the field's default tag.
	SourceDefault = config.SourceDefault
	// SourceCode: the struct given to Config.
	SourceCode = config.SourceCode
	// SourceEnv: an environment variable, named by Field.Variable.
	SourceEnv = config.SourceEnv
	// SourceLaunch: the run config of the launch.
	SourceLaunch = config.SourceLaunch
	// SourceMissing: the value is required and missing.
	SourceMissing = config.SourceMissing
)

// Field describes one field of a resource's or a step's config and the value
// that it has for a given launch: its path in a run config, its Go name and
// type, its value as text (masked for a secret) and where that comes from.
type Field = config.Field

// FieldError is what is wrong with one field of a config, or with one element
// in it: its Path in a run config, the Line and Column of the value where it was
// read from a text, the Value that was given where that is no secret, and a
// Message. Among the errors of [Faults] each fault of a run config is a
// *FieldError.
type FieldError = config.FieldError

// RunConfig is the config given at launch, for resources and steps by key. The
// zero RunConfig gives none. It has the methods Set, which sets one field by its
// path to a text, SetYAML, which does so to a value written in YAML, and Merge,
// which lays another RunConfig over it; GivenBy, which says who has given it.
type RunConfig = config.RunConfig

// Fields sets config fields by their names in a run config, exactly: zero
// values count. A nested struct's fields are Fields of their own.
type Fields = config.Fields

// ParseRunConfig reads a run config from YAML, or JSON, which is YAML. Its
// errors match [ErrInvalid] and give line and column. What it reads is checked
// against the resources and the steps when a child is opened or checked.
func ParseRunConfig(text []byte) (RunConfig, error) { return config.ParseRunConfig(text) }

// UnknownVariable is an environment variable that looks as if it were meant
// for a config, and that no field reads: its Name, the Prefix of FromEnv that
// the name begins with, and the Nearest variable that may have been meant.
type UnknownVariable = config.UnknownVariable

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
// A field of text whose name ends as that of a secret does (Password, APIToken,
// DSN) and that is not a [Secret] has a Field.Warning, because it is shown, and kept
// in the history of runs. The tag secret:"false" says that it is no secret.
//
// A struct in a list or a map is a config of its own: the tags of its fields apply.
// A nested struct that a pointer leads to may be left out: its required fields
// count only where a layer says something of it. A tag required, split_words or
// ignored that is neither true nor false is a fault.
//
// Each field gets its value from the highest of four layers: the default tag,
// the non-zero value in code, the environment (with [FromEnv]), the launch.
// A value set in code wins over a default tag, unlike with envconfig alone.
// [New] copies it with its slices, maps and pointers: what is written to them later
// makes no difference.
// The environment is read when a child is opened, never when definitions load.
//
// Each child gets a config of its own: slices, maps and pointers in fields are
// copied, so that a resource may change them. Values that hide their fields
// (a Secret[[]byte], a *regexp.Regexp) and fields tagged ignored:"true" are
// shared by all children: only read them.
//
// If the struct has a method Validate() error, it is called with the finished
// Config before anything starts.
func Config(value any, opts ...ConfigOption) Option { return resource.Config(value, opts) }

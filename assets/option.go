package assets

import (
	"reflect"
	"strings"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/nearest"
)

// Option says more about an asset or an op. See [After], [Config], [Retry] and
// [Timeout], which are about the function, and [InGroup], [Tags], [Owners],
// [Describe], [IO], [Format] and [CodeVersion], which are about its value;
// where it makes several, about all of them, unless [ForOutput] says about which.
type Option interface{ apply(*definition) }

type optionFunc func(*definition)

func (f optionFunc) apply(d *definition) { f(d) }

// aboutFunction is an option that makes no sense for one output.
func aboutFunction(name string, change func(*definition)) Option {
	return optionFunc(func(d *definition) {
		if d.only != nil {
			d.fault("assets.ForOutput(%q): assets.%s is about the whole function", d.only.key, name)
			return
		}
		change(d)
	})
}

// aboutAsset is an option that says nothing about an op's value.
func aboutAsset(name string, change func(*output)) Option {
	return optionFunc(func(d *definition) {
		d.options = append(d.options, "assets."+name)
		d.each(change)
	})
}

// After orders the step after others without taking their values: assets, or,
// for an op, ops of the same job.
func After(keys ...string) Option {
	return aboutFunction("After", func(d *definition) { d.after = append(d.after, keys...) })
}

// InGroup puts the asset into a group, which selections name as group:NAME.
func InGroup(name string) Option { return aboutAsset("InGroup", func(o *output) { o.group = name }) }

// Tags marks the asset; selections name it as tag:NAME.
func Tags(names ...string) Option {
	return aboutAsset("Tags", func(o *output) { o.tags = append(o.tags, names...) })
}

// Owners says who looks after the asset: mail addresses or team names.
func Owners(names ...string) Option {
	return aboutAsset("Owners", func(o *output) { o.owners = append(o.owners, names...) })
}

// CodeVersion names the version of the code that makes the asset. It is kept
// with each materialization.
func CodeVersion(version string) Option {
	return aboutAsset("CodeVersion", func(o *output) { o.codeVersion = version })
}

// Describe says what the asset or op is, for the command line and the pages.
func Describe(text string) Option {
	return optionFunc(func(d *definition) {
		if d.only == nil {
			d.description = text
		}
		d.each(func(o *output) { o.description = text })
	})
}

// IO names the IO manager, a resource's key, that stores the value and loads
// it for others. Defaults to [DefaultIO].
func IO(key string) Option {
	return optionFunc(func(d *definition) { d.each(func(o *output) { o.io = key }) })
}

// Format names the format in which the IO manager stores the value, as in
// "parquet". Defaults to what the IO manager chooses for the Go type.
func Format(name string) Option {
	return optionFunc(func(d *definition) { d.each(func(o *output) { o.format = name }) })
}

type outputOptions struct {
	key  string
	opts []Option
}

// ForOutput gives options to one of the values of a function that makes several:
// that whose name tag is key. They count over those given to the function.
func ForOutput(key string, opts ...Option) Option {
	return aboutFunction("ForOutput", func(d *definition) { d.aside = append(d.aside, outputOptions{key, opts}) })
}

func (d *definition) applyTo(aside outputOptions) {
	for _, o := range d.outputs {
		if o.key == aside.key {
			d.only = o
		}
	}
	if d.only == nil {
		d.fault("assets.ForOutput(%q): it makes %s%s", aside.key, strings.Join(d.outputKeys(), ", "), nearest.Suggestion(aside.key, d.outputKeys()))
		return
	}
	for _, opt := range aside.opts {
		d.apply(opt)
	}
	d.only = nil
}

// Config gives the function a config of its own: it takes a parameter of the
// type T, a struct, which is filled as a resource's config is, by default tags,
// value, the environment (container.FromEnv) and the launch, where it stands
// under steps.KEY.config:
//
//	assets.New("report", Write, assets.Config(ReportConfig{Rows: 20}, container.AtLaunch("Day")))
func Config[T any](value T, opts ...container.ConfigOption) Option {
	return aboutFunction("Config", func(d *definition) {
		if d.config != nil {
			d.fault("assets.Config is given twice: for %s and %T", reflect.TypeOf(d.config.value), value)
			return
		}
		d.config = &stepConfig{value: value, options: opts}
	})
}

// Timeout bounds each attempt at the step: loading, the function, and storing.
// At its end the step's context ends; a function that pays no heed to it is
// waited for. Zero, the default, is no bound.
func Timeout(d time.Duration) Option {
	return aboutFunction("Timeout", func(def *definition) {
		if d < 0 {
			def.fault("assets.Timeout(%s): it must not be negative", d)
		}
		def.timeout = d
	})
}

package assets

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/nearest"
)

// Option is an option of an asset or an op. [After], [Config], [Pool],
// [Retry], [RowsOf] and [Timeout] concern the function. [InGroup], [Tags], [Owners], [Describe], [IO],
// [Format] and [CodeVersion] concern its value. If the function makes several
// values, such an option concerns all of them, unless it is inside [ForOutput].
type Option interface{ apply(*definition) }

type optionFunc func(*definition)

func (f optionFunc) apply(d *definition) { f(d) }

// aboutFunction is an option that cannot be given for a single output.
func aboutFunction(name string, change func(*definition)) Option {
	return optionFunc(func(d *definition) {
		if d.only != nil {
			d.fault("assets.ForOutput(%q): assets.%s is about the whole function", d.only.key, name)
			return
		}
		change(d)
	})
}

// aboutAsset is an option that only assets have. It cannot be given for an op.
func aboutAsset(name string, change func(*output)) Option {
	return optionFunc(func(d *definition) {
		d.options = append(d.options, "assets."+name)
		d.each(change)
	})
}

// After makes the step start after other steps, without taking their values. The
// keys are those of assets. For an op they are the names of ops of the same job.
func After(keys ...string) Option {
	return aboutFunction("After", func(d *definition) { d.after = append(d.after, keys...) })
}

// StoredApart says of a function that makes several values that they need not fit
// together. If their IO managers cannot store them together, a failure may leave one
// value of this run beside another one of an earlier run. Without StoredApart, a launch
// warns of such a function.
func StoredApart() Option {
	return aboutFunction("StoredApart", func(d *definition) { d.apart = true })
}

// InGroup puts the asset into a group. Selections name it as group:NAME, and a
// function takes all its assets by a field with the tag group:"NAME"; see [New]. An
// empty name is a fault: an asset without InGroup is in no group.
func InGroup(name string) Option {
	return optionFunc(func(d *definition) {
		if name == "" {
			d.fault("its group is empty: give assets.InGroup a name, or leave it out")
		}
		aboutAsset("InGroup", func(o *output) { o.group = name }).apply(d)
	})
}

// Tags gives tags to the asset. Selections name them as tag:NAME.
func Tags(names ...string) Option {
	return aboutAsset("Tags", func(o *output) { o.tags = append(o.tags, names...) })
}

// Owners says who is responsible for the asset. Owners are mail addresses or
// names of teams.
func Owners(names ...string) Option {
	return aboutAsset("Owners", func(o *output) { o.owners = append(o.owners, names...) })
}

// CodeVersion names the version of the code that makes the asset. It is stored with
// each materialization.
func CodeVersion(version string) Option {
	return aboutAsset("CodeVersion", func(o *output) { o.codeVersion = version })
}

// Describe says what the asset or op is. The command line and the pages show it.
func Describe(text string) Option {
	return optionFunc(func(d *definition) {
		if d.only == nil {
			d.description = text
		}
		d.each(func(o *output) { o.description = text })
	})
}

// IO names the IO manager that stores the value and loads it for others. key is
// the key of a resource. The default is [DefaultIO].
func IO(key string) Option {
	return optionFunc(func(d *definition) { d.each(func(o *output) { o.io = key }) })
}

// Format names the format in which the IO manager stores the value, such as
// "parquet". By default the IO manager chooses the format by the Go type.
func Format(name string) Option {
	return optionFunc(func(d *definition) { d.each(func(o *output) { o.format = name }) })
}

type outputOptions struct {
	key  string
	opts []Option
}

// ForOutput gives options to one of several values that a function makes: the
// value whose name tag is key. These options have priority over the options of
// the function.
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

// Config gives the function a config. T is a struct, and the function has a
// parameter of this type. It is filled like the config of a resource: from
// default tags, from value, from the environment (container.FromEnv) and from the
// launch. In a run config it stands under steps.KEY.config:
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

// Timeout limits time. Zero is the default, and means no limit.
//
// For an asset or an op it limits the time of each attempt of the step, which includes
// loading, calling the function, and storing. When the time is over, the context of the
// step ends. If the function ignores its context, the run waits for the function,
// unless the step has a process of its own: this process is then killed.
//
// For a job it limits the time of the whole run, from the start of its execution. When
// the time is over, the contexts of all running steps end, the resources are stopped,
// and the run has failed.
func Timeout(d time.Duration) TimeoutOption { return TimeoutOption{d} }

// TimeoutOption is the result of [Timeout], for an asset, an op or a job.
type TimeoutOption struct{ limit time.Duration }

var (
	_ Option  = TimeoutOption{}
	_ JobPart = TimeoutOption{}
)

func (o TimeoutOption) apply(d *definition) {
	aboutFunction("Timeout", func(d *definition) {
		if o.limit < 0 {
			d.fault("assets.Timeout(%s): it must not be negative", o.limit)
		}
		d.timeout = o.limit
	}).apply(d)
}

func (o TimeoutOption) applyJob(d *jobDefinition) {
	if o.limit < 0 {
		d.faults = append(d.faults, fmt.Errorf("assets.Timeout(%s): it must not be negative", o.limit))
	}
	d.timeout = o.limit
}

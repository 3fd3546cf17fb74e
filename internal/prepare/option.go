package prepare

import (
	"errors"
	"log/slog"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
)

// Option is an option of NewChild, Prepare and Invoke that is no plain fx.Option. It
// is of type fx.Option so that both can stand in one list. It must be given directly,
// not inside fx.Options or fx.Module.
type Option struct {
	fx.Option
	name       string
	apply      func(*Settings)
	perOpening bool // it may be given to [Prepared.Opening]
}

func newOption(name string, apply func(*Settings)) Option {
	misplaced := errors.New("container." + name + " must be given to the child directly, not inside fx.Options or fx.Module")
	return Option{Option: fx.Error(misplaced), name: name, apply: apply}
}

// openingOption is a child option that changes nothing of what is checked.
func openingOption(name string, apply func(*Settings)) Option {
	option := newOption(name, apply)
	option.perOpening = true
	return option
}

// newSettings reads the options of a child. Plain fx.Options are kept, and resources
// among the options are faults.
func newSettings(opts []fx.Option) Settings {
	config := Settings{MaxStarts: defaultMaxStarts}
	for _, opt := range opts {
		switch opt := opt.(type) {
		case nil:
		case Option:
			if opt.apply != nil {
				opt.apply(&config)
			}
		case resource.Resource:
			config.Faults = append(config.Faults, misplaced(opt))
		default:
			config.options = append(config.options, opt)
		}
	}
	return config
}

// SubjectOf returns what the options of a child say about its subject. Other options
// make no difference.
func SubjectOf(opts []fx.Option) graph.Subject { return newSettings(opts).Subject }

// Needs makes the child provide what the targets ask for. Arguments and Call of the
// child use it.
func Needs(targets []*graph.Target) Option {
	return newOption("Needs", func(c *Settings) { c.Targets = append(c.Targets, c.Named("Needs", targets)...) })
}

// NeedsLater starts what the targets need, except for what lives per step. Nested
// children, which NewChild of the child opens with the same targets, start the rest.
func NeedsLater(targets []*graph.Target) Option {
	return newOption("NeedsLater", func(c *Settings) { c.Later = append(c.Later, c.Named("NeedsLater", targets)...) })
}

// OtherSteps are steps that no launch of this child is about. Package container
// documents it.
func OtherSteps(targets []*graph.Target) Option {
	return newOption("OtherSteps", func(c *Settings) { c.Others = append(c.Others, c.Named("OtherSteps", targets)...) })
}

// Steps are all steps that exist, whether or not the child needs them. Package
// container documents it.
func Steps(targets []*graph.Target) Option {
	return newOption("Steps", func(c *Settings) { c.Steps = append(c.Steps, c.Named("Steps", targets)...) })
}

// NeedsResources starts resources by key, even if nothing asks for their values.
func NeedsResources(keys []string) Option {
	return newOption("NeedsResources", func(c *Settings) { c.Keys, c.Keyed = append(c.Keys, keys...), true })
}

// Populate sets what the pointers point to after everything has started, as
// fx.Populate does. A pointer points to a variable of the type of a resource, or to an
// fx.In struct.
func Populate(pointers []any) Option {
	return newOption("Populate", func(c *Settings) { c.pointers = append(c.pointers, pointers...) })
}

// Launch gives the child its config of the launch. If it is given several times, later
// fields override earlier ones.
func Launch(config config.RunConfig) Option {
	return newOption("Launch", func(c *Settings) { c.Launch = c.Launch.Merge(config) })
}

// Info tells the child's resources about the run that they belong to.
func Info(info resource.RunInfo) Option {
	return openingOption("Info", func(c *Settings) { c.Info = info })
}

// Logger is the logger of the child. Resources get it with their key added, and the
// events of Fx go to it at debug level. The default is the logger of the host
// application, or of the module of the resource there. A nil logger discards
// everything.
func Logger(logger *slog.Logger) Option {
	return openingOption("Logger", func(c *Settings) {
		if logger == nil {
			logger = slog.New(slog.DiscardHandler)
		}
		c.Logger, c.LoggerOver = logger, nil
	})
}

// RunLogger makes the child's logger, and for each resource whose module of the
// host application has a logger of its own, one that writes to this in place of
// the application's. of is called with nil for the application's.
func RunLogger(of func(module *slog.Logger) *slog.Logger) Option {
	return openingOption("Logger", func(c *Settings) { c.Logger, c.LoggerOver = of(nil), of })
}

// Observe calls observer with every event of the child's resources, one at a
// time. It must return soon: resources wait for it. A nil observer is none.
func Observe(observer func(resource.Event)) Option {
	return openingOption("Observe", func(c *Settings) {
		if observer != nil {
			c.Observers = append(c.Observers, observer)
		}
	})
}

// MaxStarts limits how many resources start at once. The default is 16. Values below 1
// count as 1.
func MaxStarts(n int) Option {
	return newOption("MaxStarts", func(c *Settings) { c.MaxStarts = max(n, 1) })
}

// AllowStopErrors keeps errors of stopping resources out of the error of Close of the
// child. Observers still get them.
func AllowStopErrors() Option {
	return newOption("AllowStopErrors", func(c *Settings) { c.AllowStopErrors = true })
}

// ProcessOnly starts, of the Eager resources, only those that live per process.
func ProcessOnly() Option {
	return newOption("Start", func(c *Settings) { c.processOnly = true })
}

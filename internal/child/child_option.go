package child

import (
	"errors"
	"log/slog"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
)

// Option is what NewChild, Prepare and Invoke know besides plain
// fx.Options. It is an fx.Option only to stand in one list with them: it must
// be given directly, not inside fx.Options or fx.Module.
type Option struct {
	fx.Option
	name       string
	apply      func(*childConfig)
	perOpening bool // it may be given to Prepared.Open
}

func newOption(name string, apply func(*childConfig)) Option {
	misplaced := errors.New("container." + name + " must be given to the child directly, not inside fx.Options or fx.Module")
	return Option{Option: fx.Error(misplaced), name: name, apply: apply}
}

// openingOption is a child option that changes nothing of what is checked.
func openingOption(name string, apply func(*childConfig)) Option {
	option := newOption(name, apply)
	option.perOpening = true
	return option
}

// childConfig is what a child is opened with.
type childConfig struct {
	graph.Subject
	pointers  []any
	ownLaunch config.RunConfig // of a nested child, without its parent's
	info      resource.RunInfo
	logger    *slog.Logger
	// loggerOver makes the logger of a resource whose module of the host
	// application has its own; nil where the caller's is for all.
	loggerOver func(module *slog.Logger) *slog.Logger
	observers  []func(resource.Event)
	maxStarts  int
	options    []fx.Option

	allowStopErrors bool
	processOnly     bool // of what is Eager, only what lives per process is to start
}

// defaultMaxStarts is how many resources of a child start at once.
const defaultMaxStarts = 16

func newChildConfig(opts []fx.Option) childConfig {
	config := childConfig{maxStarts: defaultMaxStarts}
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

// orLog gives a child without a logger that of the container.
func (c childConfig) orLog(of *Parent) childConfig {
	if c.logger == nil {
		c.logger, c.loggerOver = of.processLogger(), ofModule
	}
	return c
}

// ofModule lets a resource write to the logger of its module itself.
func ofModule(module *slog.Logger) *slog.Logger { return module }

// Needs makes the child provide what the targets ask for; [Child.Arguments]
// and [Child.Call] give it out.
func Needs(targets []*graph.Target) Option {
	return newOption("Needs", func(c *childConfig) { c.Targets = append(c.Targets, c.Named("Needs", targets)...) })
}

// NeedsLater starts what the targets need, but for what lives per step: nested
// children, opened by [Child.NewChild] with the same targets, start that, and
// give out the values.
func NeedsLater(targets []*graph.Target) Option {
	return newOption("NeedsLater", func(c *childConfig) { c.Later = append(c.Later, c.Named("NeedsLater", targets)...) })
}

// OtherSteps are steps that no launch of this child is about. Package container
// documents it.
func OtherSteps(targets []*graph.Target) Option {
	return newOption("OtherSteps", func(c *childConfig) { c.Others = append(c.Others, c.Named("OtherSteps", targets)...) })
}

// Steps are all steps that exist, whether or not the child needs them. Package
// container documents it.
func Steps(targets []*graph.Target) Option {
	return newOption("Steps", func(c *childConfig) { c.Steps = append(c.Steps, c.Named("Steps", targets)...) })
}

// NeedsResources starts resources by key, whether or not anything asks for
// their values.
func NeedsResources(keys []string) Option {
	return newOption("NeedsResources", func(c *childConfig) { c.Keys, c.Keyed = append(c.Keys, keys...), true })
}

// Populate sets what the pointers point to, by type, once everything has
// started, as fx.Populate does: a pointer to a variable of a resource's type,
// or to an fx.In struct.
func Populate(pointers []any) Option {
	return newOption("Populate", func(c *childConfig) { c.pointers = append(c.pointers, pointers...) })
}

// Launch gives the child its launch-time config. Given more than once, later
// ones override earlier ones, field by field.
func Launch(config config.RunConfig) Option {
	return newOption("Launch", func(c *childConfig) { c.Launch = c.Launch.Merge(config) })
}

// Info tells the child's resources about the run that they belong to.
func Info(info resource.RunInfo) Option {
	return openingOption("Info", func(c *childConfig) { c.info = info })
}

// Logger is the child's logger; resources get it with their key added, and
// Fx's own events go to it at debug level. Defaults to the logger of the host
// application, or of the resource's module there. Nil discards.
func Logger(logger *slog.Logger) Option {
	return openingOption("Logger", func(c *childConfig) {
		if logger == nil {
			logger = slog.New(slog.DiscardHandler)
		}
		c.logger, c.loggerOver = logger, nil
	})
}

// RunLogger makes the child's logger, and for each resource whose module of the
// host application has a logger of its own, one that writes to this in place of
// the application's. of is called with nil for the application's.
func RunLogger(of func(module *slog.Logger) *slog.Logger) Option {
	return openingOption("Logger", func(c *childConfig) { c.logger, c.loggerOver = of(nil), of })
}

// Observe calls observer with every event of the child's resources, one at a
// time. It must return soon: resources wait for it. A nil observer is none.
func Observe(observer func(resource.Event)) Option {
	return openingOption("Observe", func(c *childConfig) {
		if observer != nil {
			c.observers = append(c.observers, observer)
		}
	})
}

// MaxStarts bounds how many resources start at once. Defaults to 16; values
// below 1 count as 1.
func MaxStarts(n int) Option {
	return newOption("MaxStarts", func(c *childConfig) { c.maxStarts = max(n, 1) })
}

// AllowStopErrors keeps what goes wrong while resources stop out of the error
// of [Child.Close]. Observers still see it.
func AllowStopErrors() Option {
	return newOption("AllowStopErrors", func(c *childConfig) { c.allowStopErrors = true })
}

// inherit gives a nested child what its parent was opened with, where it has
// nothing of its own.
func (c childConfig) inherit(parent childConfig) childConfig {
	c.ownLaunch, c.Launch = c.Launch, parent.Launch.Merge(c.Launch)
	c.Known = parent.Known
	c.observers = append(append([]func(resource.Event){}, parent.observers...), c.observers...)
	c.allowStopErrors = c.allowStopErrors || parent.allowStopErrors
	if c.info.ID == "" {
		c.info = parent.info
	}
	if c.logger == nil {
		c.logger, c.loggerOver = parent.logger, parent.loggerOver
	}
	return c
}

// SubjectOf returns what the options of a child say of what it is for; those
// that say something else make no difference.
func SubjectOf(opts []fx.Option) graph.Subject { return newChildConfig(opts).Subject }

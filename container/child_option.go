package container

import (
	"errors"
	"log/slog"
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
)

// ChildOption is what NewChild, Prepare and Invoke know besides plain
// fx.Options. It is an fx.Option only to stand in one list with them: it must
// be given directly, not inside fx.Options or fx.Module.
type ChildOption struct {
	fx.Option
	name       string
	apply      func(*childConfig)
	perOpening bool // it may be given to Prepared.Open
}

func childOption(name string, apply func(*childConfig)) ChildOption {
	misplaced := errors.New("container." + name + " must be given to the child directly, not inside fx.Options or fx.Module")
	return ChildOption{Option: fx.Error(misplaced), name: name, apply: apply}
}

// openingOption is a child option that changes nothing of what is checked.
func openingOption(name string, apply func(*childConfig)) ChildOption {
	option := childOption(name, apply)
	option.perOpening = true
	return option
}

// childConfig is what a child is opened with.
type childConfig struct {
	targets   []*Target
	later     []*Target
	steps     []*Target
	known     *knownSteps // a nested child's begins as its parent's
	keys      []string
	keyed     bool // keys were given, be it none
	pointers  []any
	launch    RunConfig
	ownLaunch RunConfig // of a nested child, without its parent's
	info      RunInfo
	logger    *slog.Logger
	observers []func(Event)
	maxStarts int
	options   []fx.Option
	offered   map[string]bool // types that fx.Replace among options offers; a nested child's begin as its parent's
	faults    []error

	allowStopErrors bool
}

// defaultMaxStarts is how many resources of a child start at once.
const defaultMaxStarts = 16

func newChildConfig(opts []fx.Option) childConfig {
	config := childConfig{maxStarts: defaultMaxStarts}
	for _, opt := range opts {
		switch opt := opt.(type) {
		case nil:
		case ChildOption:
			if opt.apply != nil {
				opt.apply(&config)
			}
		case Resource:
			config.faults = append(config.faults, fault.Errorf("resource %s is a definition: give it to container.New; to stand in for a resource in one child, use fx.Replace", opt.Key()))
		default:
			config.options = append(config.options, opt)
		}
	}
	return config
}

// named leaves out targets that are nil, and reports them.
func (c *childConfig) named(option string, targets []*Target) []*Target {
	if !slices.Contains(targets, nil) {
		return targets
	}
	c.faults = append(c.faults, fault.Errorf("container.%s: one of its targets is nil", option))
	return slices.DeleteFunc(slices.Clone(targets), func(t *Target) bool { return t == nil })
}

// orQuiet gives a child without a logger one that discards.
func (c childConfig) orQuiet() childConfig {
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Needs makes the child provide what the targets ask for; [Child.Arguments]
// and [Child.Call] give it out.
func Needs(targets ...*Target) ChildOption {
	return childOption("Needs", func(c *childConfig) { c.targets = append(c.targets, c.named("Needs", targets)...) })
}

// NeedsLater starts what the targets need, but for what lives per step: nested
// children, opened by [Child.NewChild] with the same targets, start that, and
// give out the values.
func NeedsLater(targets ...*Target) ChildOption {
	return childOption("NeedsLater", func(c *childConfig) { c.later = append(c.later, c.named("NeedsLater", targets)...) })
}

// NeedsResources starts resources by key, whether or not anything asks for
// their values.
func NeedsResources(keys ...string) ChildOption {
	return childOption("NeedsResources", func(c *childConfig) { c.keys, c.keyed = append(c.keys, keys...), true })
}

// Populate sets what the pointers point to, by type, once everything has
// started, as fx.Populate does: a pointer to a variable of a resource's type,
// or to an fx.In struct.
func Populate(pointers ...any) ChildOption {
	return childOption("Populate", func(c *childConfig) { c.pointers = append(c.pointers, pointers...) })
}

// Launch gives the child its launch-time config. Given more than once, later
// ones override earlier ones, field by field.
func Launch(config RunConfig) ChildOption {
	return childOption("Launch", func(c *childConfig) { c.launch = c.launch.Merge(config) })
}

// Info tells the child's resources about the run that they belong to.
func Info(info RunInfo) ChildOption {
	return openingOption("Info", func(c *childConfig) { c.info = info })
}

// Logger is the child's logger; resources get it with their key added, and
// Fx's own events go to it at debug level. Defaults to one that discards, as
// does nil.
func Logger(logger *slog.Logger) ChildOption {
	return openingOption("Logger", func(c *childConfig) {
		if logger == nil {
			logger = slog.New(slog.DiscardHandler)
		}
		c.logger = logger
	})
}

// Observe calls observer with every event of the child's resources, one at a
// time. It must return soon: resources wait for it. A nil observer is none.
func Observe(observer func(Event)) ChildOption {
	return openingOption("Observe", func(c *childConfig) {
		if observer != nil {
			c.observers = append(c.observers, observer)
		}
	})
}

// MaxStarts bounds how many resources start at once. Defaults to 16; values
// below 1 count as 1.
func MaxStarts(n int) ChildOption {
	return childOption("MaxStarts", func(c *childConfig) { c.maxStarts = max(n, 1) })
}

// AllowStopErrors keeps what goes wrong while resources stop out of the error
// of [Child.Close]. Observers still see it.
func AllowStopErrors() ChildOption {
	return childOption("AllowStopErrors", func(c *childConfig) { c.allowStopErrors = true })
}

// inherit gives a nested child what its parent was opened with, where it has
// nothing of its own.
func (c childConfig) inherit(parent childConfig) childConfig {
	c.ownLaunch, c.launch = c.launch, parent.launch.Merge(c.launch)
	c.known, c.offered = parent.known, parent.offered
	c.observers = append(append([]func(Event){}, parent.observers...), c.observers...)
	c.options = append(append([]fx.Option{}, parent.options...), c.options...)
	c.allowStopErrors = c.allowStopErrors || parent.allowStopErrors
	if c.info.ID == "" {
		c.info = parent.info
	}
	if c.logger == nil {
		c.logger = parent.logger
	}
	return c
}

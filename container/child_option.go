package container

import (
	"log/slog"

	"github.com/fxrun/fxrun/internal/prepare"
)

// ChildOption is an option for a child that is not an option of Fx. It is an
// fx.Option only so that both can stand in one list. It must be given to the child
// directly, not inside fx.Options or fx.Module.
type ChildOption = prepare.Option

// Needs makes the child start what the targets need. [Child.Call] then calls the
// function of a target.
func Needs(targets ...*Target) ChildOption { return prepare.Needs(checkedTargets(targets)) }

// NeedsLater makes the child start what the targets need, except for resources
// that live per step. Nested children, opened by [Child.NewChild] with the same
// targets, start those and call the targets.
func NeedsLater(targets ...*Target) ChildOption { return prepare.NeedsLater(checkedTargets(targets)) }

// Steps names all steps that exist, whether or not the child needs them. They are
// targets made with [StepConfig]. Other targets make no difference. A run config
// may then configure each of these steps, also one that this child does not need,
// and a mistyped key gives an error. Without Steps only the targets of [Needs] and
// [NeedsLater] may be configured.
//
// Nested children know the steps of their parent.
func Steps(targets ...*Target) ChildOption { return prepare.Steps(checkedTargets(targets)) }

// OtherSteps names steps that exist and that no launch of this child is about,
// such as the steps of other jobs. A run config may have sections for them, so
// that one file serves all jobs. Such a section must be right for one of the steps
// with its key, and has no effect otherwise. A step that [Steps], [Needs] or
// [NeedsLater] names hides the other steps of its key.
func OtherSteps(targets ...*Target) ChildOption { return prepare.OtherSteps(checkedTargets(targets)) }

// NeedsResources makes the child start the resources with these keys, even if
// nothing asks for their values.
func NeedsResources(keys ...string) ChildOption { return prepare.NeedsResources(keys) }

// Populate sets variables once everything has started, as fx.Populate does. Each
// pointer leads to a variable of the type of a resource, or to an fx.In struct.
func Populate(pointers ...any) ChildOption { return prepare.Populate(pointers) }

// Launch gives the child its launch-time config. If it is given several times, the
// later ones override the earlier ones, field by field.
func Launch(config RunConfig) ChildOption { return prepare.Launch(config) }

// Info tells the child's resources about the run that they belong to.
func Info(info RunInfo) ChildOption { return prepare.Info(info) }

// Logger is the logger of the child. Each resource gets it with its key added. The
// events of Fx go to it at debug level: those of a child with fx.Options, for the
// resources that Fx builds. It defaults to the logger of the host
// application, or of the module of the resource there. A nil logger discards
// everything.
func Logger(logger *slog.Logger) ChildOption { return prepare.Logger(logger) }

// Observe calls observer with every event of the resources of the child, one at a
// time. Resources wait for it, so it must return soon. A nil observer makes no
// difference.
//
// A panic in observer is an error: opening the child fails, or [Child.Close]
// returns the error. The observer may use the child.
func Observe(observer func(Event)) ChildOption { return prepare.Observe(observer) }

// MaxStarts limits how many resources start at the same time. It defaults to 16.
// Values below 1 count as 1.
func MaxStarts(n int) ChildOption { return prepare.MaxStarts(n) }

// AllowStopErrors leaves the errors of stopping resources out of the error of
// [Child.Close]. Observers still get them.
func AllowStopErrors() ChildOption { return prepare.AllowStopErrors() }

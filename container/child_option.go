package container

import (
	"log/slog"

	"github.com/fxrun/fxrun/internal/child"
)

// ChildOption is what NewChild, Prepare and Invoke know besides plain
// fx.Options. It is an fx.Option only to stand in one list with them: it must
// be given directly, not inside fx.Options or fx.Module.
type ChildOption = child.Option

// Needs makes the child provide what the targets ask for; [Child.Arguments]
// and [Child.Call] give it out.
func Needs(targets ...*Target) ChildOption { return child.Needs(checkedTargets(targets)) }

// NeedsLater starts what the targets need, but for what lives per step: nested
// children, opened by [Child.NewChild] with the same targets, start that, and
// give out the values.
func NeedsLater(targets ...*Target) ChildOption { return child.NeedsLater(checkedTargets(targets)) }

// Steps are all steps that exist, whether or not the child needs them: targets
// made with [StepConfig]; others are passed over. A run config may then speak
// of each of them, also of one that this child has no use for, and a mistyped
// key is told from such a step. Without it only the targets of [Needs] and
// [NeedsLater] may be configured.
//
// Nested children know the steps of their parent.
func Steps(targets ...*Target) ChildOption { return child.Steps(checkedTargets(targets)) }

// OtherSteps are steps that exist, but that no launch of this child is about,
// such as those of other jobs: a run config may have sections for them, so that
// one file serves all. A section has to be right for one of the steps with its
// key, and makes no difference otherwise. A step that [Steps], [Needs] or
// [NeedsLater] names hides those of its key.
func OtherSteps(targets ...*Target) ChildOption { return child.OtherSteps(checkedTargets(targets)) }

// NeedsResources starts resources by key, whether or not anything asks for
// their values.
func NeedsResources(keys ...string) ChildOption { return child.NeedsResources(keys) }

// Populate sets what the pointers point to, by type, once everything has
// started, as fx.Populate does: a pointer to a variable of a resource's type,
// or to an fx.In struct.
func Populate(pointers ...any) ChildOption { return child.Populate(pointers) }

// Launch gives the child its launch-time config. Given more than once, later
// ones override earlier ones, field by field.
func Launch(config RunConfig) ChildOption { return child.Launch(config) }

// Info tells the child's resources about the run that they belong to.
func Info(info RunInfo) ChildOption { return child.Info(info) }

// Logger is the child's logger; resources get it with their key added, and
// Fx's own events go to it at debug level. Defaults to the logger of the host
// application, or of the resource's module there. Nil discards.
func Logger(logger *slog.Logger) ChildOption { return child.Logger(logger) }

// Observe calls observer with every event of the child's resources, one at a
// time. It must return soon: resources wait for it. A nil observer is none.
//
// A panic in observer is an error: opening the child fails, or [Child.Close]
// returns it. The observer may use the child.
func Observe(observer func(Event)) ChildOption { return child.Observe(observer) }

// MaxStarts bounds how many resources start at once. Defaults to 16; values
// below 1 count as 1.
func MaxStarts(n int) ChildOption { return child.MaxStarts(n) }

// AllowStopErrors keeps what goes wrong while resources stop out of the error
// of [Child.Close]. Observers still see it.
func AllowStopErrors() ChildOption { return child.AllowStopErrors() }

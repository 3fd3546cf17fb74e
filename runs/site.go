package runs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/binding"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/internal/prepare"
	"github.com/fxrun/fxrun/internal/worker"
)

// site is a place where steps of a run are executed: the run's child container,
// which is open in this process, and the way to the run's history. The process
// that launched the run has one, and so has every other process that executes
// steps of it.
type site struct {
	launch   launch
	launcher *Launcher
	began    time.Time
	events   eventSink
	ctx      context.Context // of the run, or of the call that executes a step of it
	outside  *outsideHandler // the launcher's logger
	logging  worker.Pool     // calls the handlers of loggers, until close

	madeMu sync.Mutex
	made   map[string]storing // what was stored here, by the key of storage

	elsewhere bool        // in another process than the one that has launched the run
	onCluster atomic.Bool // its steps are recorded by the workers of a cluster
	worker    string      // the name of that process, if it records what happens here by itself
	within    sync.Map    // of the key of a step under way: the context of its attempt
	busy      sync.Map    // of a resourceKey: the done of the observer

	step  string           // for which it is opened; "" for the whole run
	child *container.Child // set by open
}

// eventSink takes what happens at a site.
type eventSink interface {
	// append takes events of the run. Its error, which all later calls return
	// too, is why the history can't be kept.
	append(ctx context.Context, data ...history.EventData) error
	// appendAs is append in another way than the usual one.
	appendAs(ctx context.Context, how appending, data []history.EventData) error
	// failure returns that error; nil if there is none so far.
	failure() error
}

// appending is how events are appended. The zero appending is the usual way.
type appending struct {
	times   []time.Time // at which they happened; nil is now
	wait    bool        // until they are stored
	now     bool        // has them written at once, although nobody waits for them
	ordered func()      // may be called once they have their place among all events of the store; nil calls nobody
	settled func()      // is called once when they are stored or refused, by any goroutine; nil calls nobody
}

func (a appending) settle() {
	if a.settled != nil {
		a.settled()
	}
}

// newSite returns a site whose child container is not open yet.
func newSite(ctx context.Context, launch launch, launcher *Launcher, began time.Time, events eventSink) *site {
	s := &site{launch: launch, launcher: launcher, began: began, events: events, ctx: ctx, made: make(map[string]storing)}
	s.outside = s.outsideHandler(launcher.config.Logger)
	return s
}

// outsideHandler writes to a logger of the host application.
func (s *site) outsideHandler(logger *slog.Logger) *outsideHandler {
	return newOutsideHandler(logger.Handler(), &s.logging, s.launch.child, func(err error) {
		s.record(history.LogWritten{Level: slog.LevelError, Message: "the log handler of the launcher failed", Attrs: history.Attrs{{Name: "error", Value: err.Error()}}})
	})
}

// open opens the run's child container here, and asks its IO managers whether
// they can store what the steps will give them.
func (s *site) open(ctx context.Context) error {
	err := panics.Guard(func() error {
		opened, err := s.launch.child.Open(ctx,
			container.Info(s.info("")),
			prepare.RunLogger(s.loggerOf("")),
			container.Observe(s.observe))
		s.child = opened
		return err
	})
	if err != nil {
		return err
	}
	return panics.Guard(s.checkStorage)
}

// close closes the child container, if it was opened; outcome is nil or why the
// run has not succeeded. Lines may still be logged after that.
func (s *site) close(outcome error) error {
	defer s.logging.Close()
	if s.child == nil {
		return nil
	}
	return panics.Guard(func() error { return s.child.Close(outcome) })
}

// info tells the resources of the run's own child, or those of the child of a
// step, about the run.
func (s *site) info(step string) container.RunInfo {
	return container.RunInfo{ID: s.launch.id, Tags: s.launch.tags, Step: step, Launched: s.began}
}

// record appends an event. If the history can't be kept, the run ends by that,
// so that the caller has nothing to do.
func (s *site) record(data ...history.EventData) {
	_ = s.events.append(context.WithoutCancel(s.ctx), data...)
}

// observe records what happens to the child's resources.
func (s *site) observe(event container.Event) {
	if event.Step == "" {
		event.Step = s.step
	}
	switch event.Phase {
	case container.PhaseStarting:
		s.beginResource(ActivityStart, event.Resource, event.Step)
		s.record(history.ResourceStarting{Resource: event.Resource, Step: event.Step})
	case container.PhaseStarted:
		s.endResource(ActivityStart, event.Resource, event.Step, event.Err)
		s.record(history.ResourceStarted{Resource: event.Resource, Step: event.Step, Duration: event.Duration, Error: history.FailureOf(event.Err)})
	case container.PhaseStopping:
		s.beginResource(ActivityStop, event.Resource, event.Step)
		s.record(history.ResourceStopping{Resource: event.Resource, Step: event.Step})
	case container.PhaseStopped:
		s.endResource(ActivityStop, event.Resource, event.Step, event.Err)
		s.record(history.ResourceStopped{Resource: event.Resource, Step: event.Step, Duration: event.Duration, Error: history.FailureOf(event.Err)})
	}
}

// loggerOf returns what makes loggers for the run or one of its steps: to the
// history, and to the logger of a module of the host application, or for nil to
// the launcher's own.
func (s *site) loggerOf(step string) func(module *slog.Logger) *slog.Logger {
	return func(module *slog.Logger) *slog.Logger {
		if module == nil || s.elsewhere {
			return s.logger(step, s.outside)
		}
		return s.logger(step, s.outsideHandler(module))
	}
}

// relay writes a log line of another process to the launcher's logger.
func (s *site) relay(at time.Time, line history.LogWritten) {
	ctx := context.WithoutCancel(s.ctx)
	if !s.outside.Enabled(ctx, line.Level) {
		return
	}
	record := slog.NewRecord(at, line.Level, line.Message, 0)
	record.AddAttrs(slog.String("run", s.launch.id))
	if line.Step != "" {
		record.AddAttrs(slog.String("step", line.Step))
	}
	if line.Resource != "" {
		record.AddAttrs(slog.String(resourceAttr, line.Resource))
	}
	record.AddAttrs(slogAttrs(line.Attrs)...)
	_ = s.outside.Handle(ctx, record)
}

// slogAttrs returns the attributes of a line as its logger has given them.
func slogAttrs(attrs history.Attrs) []slog.Attr {
	var all []slog.Attr
	for _, attr := range attrs {
		group, ok := attr.Value.(history.Attrs)
		if raw, settled := attr.Value.(json.RawMessage); settled {
			ok = json.Unmarshal(raw, &group) == nil && group != nil // it is no object else
		}
		if ok {
			all = append(all, slog.Attr{Key: attr.Name, Value: slog.GroupValue(slogAttrs(group)...)})
			continue
		}
		all = append(all, slog.Any(attr.Name, attr.Value))
	}
	return all
}

func (s *site) logger(step string, outside *outsideHandler) *slog.Logger {
	attrs := []slog.Attr{slog.String("run", s.launch.id)}
	if step != "" {
		attrs = append(attrs, slog.String("step", step))
	}
	return slog.New(slog.NewMultiHandler(&logHandler{level: s.launcher.config.LogLevel, record: func(line history.LogWritten) {
		line.Step = step
		s.record(line)
	}}, outside.WithAttrs(attrs)))
}

// stepChild opens the child of a step that needs resources which live per step.
// The function and the IO managers of one step share it.
func (s *site) stepChild(ctx context.Context, step *assets.Step) (*container.Child, error) {
	targets := binding.Targets(&assets.Plan{Steps: []*assets.Step{step}}, s.launcher.storage)
	targets = slices.DeleteFunc(targets, func(target *container.Target) bool { return !target.LivesPerStep() })
	if len(targets) == 0 {
		return nil, nil
	}
	var opened *container.Child
	err := panics.Guard(func() (err error) {
		opened, err = s.child.NewChild(ctx, container.Needs(targets...), prepare.RunLogger(s.loggerOf(step.Key)),
			container.Info(s.info(step.Key)))
		return err
	})
	return opened, err
}

// storedKey is what an IO manager knows a value by. A value of an op is one of
// its run; no asset's key begins with the tilde.
func (s *site) storedKey(output assets.Output) string {
	if output.Kind == assets.KindOp {
		run := s.launch.id
		if earlier, ok := s.launch.asked.Retry.madeBy(output.Key); ok {
			run = earlier
		}
		return opPrefix(run) + "/" + output.Key
	}
	return output.Key
}

// orCause puts the reason for which the context ended before what it led to.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	cause := context.Cause(ctx)
	if err == nil || errors.Is(err, cause) {
		return cause
	}
	return errors.Join(cause, err)
}

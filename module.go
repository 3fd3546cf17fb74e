package fxrun

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/binding"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/runs"
)

// Module makes an Fx application a host of runs. It gathers the definitions that
// container.Provide, assets.New, automation.NewSchedule and similar functions have
// added to the options of the application, in any order and in any fx.Module. It
// provides
//
//   - *container.Container, the checked graph of resources. Resources that live per
//     process start when they are first needed, and stop after the last run.
//   - *assets.Graph, the checked graph of assets.
//   - *runs.Launcher, which launches runs. From its first run on, it records as failed
//     the runs of processes that have ended.
//   - *automation.Automations, the checked schedules and sensors. They tick if [Daemon]
//     is among the options too.
//
// It uses these values of the application, if there are any:
//
//   - a history.Store for the history. The default is in memory. Package
//     history/sqlhistory/sqlite has an option for a history in a file, and package
//     history/sqlhistory/postgres one for a history in PostgreSQL.
//   - a locks.Locker, by which the applications with the same history find out which of
//     them still exist. All of them need the same locks. The default is files in the
//     folder locks of [Home], and locks in memory if the history is a
//     history.MemoryStore.
//   - a runs.Executor, which decides where steps are executed. The default executes
//     them in this process.
//   - a *runs.Limits for what may run at the same time. The default is in the
//     environment variable FXRUN_LIMITS: see runs.ParseLimits.
//   - a runs.Retention, which says how long runs are kept.
//   - a runs.Observer for traces and metrics.
//   - a *slog.Logger for the log lines of runs, and a [LogLevel]. The logger also gets
//     a warning for each config field of a resource that is named like a secret and is
//     not a container.Secret.
//
// A setting in another form, such as a *runs.Retention, is refused when the launcher is
// made, since it would have no effect.
//
// If no resource has the key io_manager, values are stored as files in the folder
// values of [Home].
//
// A run that is launched before the application has started, as in an fx.Invoke, gets
// values of the application whose OnStart has not been called. If the application never
// starts, nothing stops what such a run has begun: launch in an OnStart or later.
//
// When the application stops, as after a SIGTERM, the launcher drains: it refuses new
// runs, and starts no more steps of the active ones. Steps that are running may go on
// for half of the stop timeout of the application. Then they are cancelled, so that the
// resources of runs stop before those of the application. If the Start of the
// application fails since its time is over, Fx calls no stop hook. Resources that live
// per process, and [Daemon], then go on, if a hook that stands after those of Module
// took the time. The resources also go on if a step ignores its context for longer than
// the stop timeout. Who keeps the process calls Launcher.Close and then Container.Close.
//
// The graph of the application is the parent of every child container. If no definition
// provides a type, it is taken from there. Each definition gets what an fx.Invoke would
// get where the definition stands: private values, decorators and the logger of its
// fx.Module, and the members of value groups. A group that the application decorates
// cannot have members that are resources, and a launch that needs it is refused. Fx
// does not show a decorator that returns an empty slice without capacity, such as
// []T{}: the members that are resources are then taken as they are, but packages
// fxruntest and cli refuse such a decorator. A function that is given to a container,
// as to Container.Invoke, stands in no module, and gets what definitions ask for.
//
// fx.Replace on the application replaces the resource of that type, or of that name, in
// every run: its constructor is not called. A value that the application itself
// provides for the type of a resource replaces it too. If it is not clear for which
// resource a value stands, or if more of a replaced resource is needed than the value,
// a launch that needs the resource is refused. fx.Decorate on the application does not
// reach resources, and is refused where it is meant for one.
//
// Fx cannot tell a zero value from a missing one, so a zero value counts as missing.
// But where it replaces a resource, as by fx.Replace(Limit(0)), it is used, unless it
// is a nil pointer, interface, function or channel: the constructor of the resource is
// then called in spite of the fx.Replace. A zero value that an fx.Module replaces
// counts as missing too for a resource that stands outside of this module. Packages
// fxruntest and cli have the options of the application at hand, and refuse both; an
// fx.New that is given Module itself cannot. A resource that gives such a type, for
// example a number or a struct, can stand only once in an fx.Module. If a dependency of
// the application's own provider is missing, the provider counts as missing too.
var Module = fx.Module("fxrun", fx.Provide(gatherHost, newSingle, newContainer, assetGraph, newAutomations, newLocks, newLauncher))

// IO takes the place of all IO managers that definitions name, if it is supplied
// to an application. It then stores and loads all values. Package fxruntest uses
// it to keep values in memory.
type IO struct{ iomanagers.IOManager }

// LogLevel is the lowest level of the log lines that the history keeps, if it is
// supplied to an application, as in fx.Supply(fxrun.LogLevel(slog.LevelDebug)).
// Zero, and the default, is slog.LevelInfo. At slog.LevelDebug the history also has
// what Fx says about the resources of each run. What a logger of the application
// writes is its own decision.
type LogLevel slog.Level

// Home returns the folder that history and values live in by default: the
// environment variable FXRUN_HOME, else .fxrun in the working directory.
func Home() string {
	if home := os.Getenv("FXRUN_HOME"); home != "" {
		return home
	}
	return ".fxrun"
}

// hostValues are what the application has for its definitions.
type hostValues struct{ found []host.Found }

type hostParams struct {
	fx.In

	Found []host.Found `group:"fxrun.host"`
}

func gatherHost(p hostParams) *hostValues { return &hostValues{p.Found} }

// single notes that an application has its container. Fx calls the constructor once
// more for a cycle through a decorator, which it does not see.
type single struct{ made bool }

func newSingle() *single { return new(single) }

type containerParams struct {
	fx.In

	Single      *single
	Lifecycle   fx.Lifecycle
	Shutdowner  fx.Shutdowner
	Logger      *slog.Logger           `optional:"true"`
	Definitions []container.Definition `group:"fxrun.container"`
	// Host is nil where a decorator of the application lacks what it decorates:
	// being optional, it is then left out, and does not end the application with
	// an error of dig.
	Host *hostValues `optional:"true"`
	// IO is not nil where the application replaces the manager that fxrun makes.
	IO iomanagers.IOManager `optional:"true" name:"io_manager"`
}

func newContainer(p containerParams) (*container.Container, error) {
	if p.Host == nil {
		return nil, fault.Join("building the container", []error{undecorated(p.Definitions)})
	}
	if p.Single.made {
		return nil, fault.Join("building the container", []error{errTwice})
	}
	p.Single.made = true
	isDefault := func(definition container.Definition) bool {
		resource, ok := definition.(container.Resource)
		return ok && resource.Key() == assets.DefaultIO
	}
	if !slices.ContainsFunc(p.Definitions, isDefault) {
		files := iomanagers.Files(assets.DefaultIO, iomanagers.FilesConfig{Root: filepath.Join(Home(), "values")})
		p.Definitions = append(p.Definitions, files)
	}
	c, err := container.New(append(p.Definitions, resource.FromHost(p.Host.found, p.root()...))...)
	if err != nil {
		return nil, err
	}
	if p.Logger != nil {
		warnOfReadable(p.Logger, c.Resources())
	}
	p.Lifecycle.Append(fx.StartStopHook(func(ctx context.Context) error { return startOrClose(ctx, c) }, c.Close))
	return c, nil
}

var errTwice = errors.New("an fx.Decorate of the application asks for something that fxrun.Module makes, such as *runs.Launcher, " +
	"and decorates what fxrun.Module or a definition takes: each would have to be made before the other")

// warnOfReadable warns of config fields that are named like secrets and are none.
func warnOfReadable(logger *slog.Logger, resources []container.Description) {
	for _, resource := range resources {
		for _, field := range resource.Config {
			if field.Warning != "" {
				logger.Warn("config field: "+field.Warning, "resource", resource.Key, "field", field.GoName)
			}
		}
	}
}

// startOrClose closes the container if its start goes wrong, also by the start
// deadline of the application: Fx does not call the OnStop of a hook that did
// not start.
func startOrClose(ctx context.Context, c *container.Container) error {
	if err := c.Start(ctx); err != nil {
		return errors.Join(err, c.Close())
	}
	return nil
}

// root returns what is known of the application's own level, whatever its
// definitions ask for.
func (p containerParams) root() []host.Value {
	values := []host.Value{{Key: signature.Key{Type: reflect.TypeFor[fx.Shutdowner]()}, Value: reflect.ValueOf(&p.Shutdowner).Elem()}}
	if p.Logger != nil {
		values = append(values, host.Value{Key: signature.Key{Type: reflect.TypeFor[*slog.Logger]()}, Value: reflect.ValueOf(p.Logger)})
	}
	if p.IO != nil {
		key := signature.Key{Type: reflect.TypeFor[iomanagers.IOManager](), Name: assets.DefaultIO}
		values = append(values, host.Value{Key: key, Value: reflect.ValueOf(&p.IO).Elem()})
	}
	return values
}

// undecorated is the fault of an application that decorates what it does not
// have. Which type it is, Fx tells nobody.
func undecorated(definitions []container.Definition) error {
	var types []string
	for _, definition := range definitions {
		if r, ok := definition.(container.Resource); ok {
			types = append(types, resource.TypesOf(r)...)
		}
	}
	slices.Sort(types)
	text := ""
	if len(types) > 0 {
		text = ": fx.Decorate of the application does not reach resources, which are " + strings.Join(types, ", ")
	}
	return fault.Errorf("the application can't give what definitions ask it for, since it decorates a type that it does not provide, or lacks what a decorator or a member of a value group takes%s; decorate the value of a resource in its constructor, or by fx.Decorate among the options of a child container", text)
}

type graphParams struct {
	fx.In

	Container   *container.Container
	Definitions []assets.Definition     `group:"fxrun.assets"`
	Automations []automation.Definition `group:"fxrun.automation"`
}

// assetGraph looks for the IO managers of a graph with faults too, and for the faults of
// schedules and sensors, so that all faults are reported at once. For a graph without
// faults others do this. Values that schedules lack for IO managers are left to them too: the
// runs may start none, and an IO of the application may need the graph.
func assetGraph(p graphParams) (*assets.Graph, error) {
	graph, err := assets.NewGraph(p.Container, p.Definitions...)
	if err == nil {
		return graph, nil
	}
	_, unbound := binding.New(p.Container, graph)
	_, wrong := automation.New(p.Container, graph, IO{}, p.Automations...)
	return nil, fault.Join("wiring the assets", slices.Concat(fault.Of(err), fault.Of(unbound), fault.Of(wrong)))
}

type automationParams struct {
	fx.In

	Container   *container.Container
	Graph       *assets.Graph
	Definitions []automation.Definition `group:"fxrun.automation"`
	IO          IO                      `optional:"true"`
}

func newAutomations(p automationParams) (*automation.Automations, error) {
	all, err := automation.New(p.Container, p.Graph, p.IO.IOManager, p.Definitions...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

type launcherParams struct {
	fx.In

	Lifecycle fx.Lifecycle
	Container *container.Container
	Graph     *assets.Graph
	Checked   *automation.Automations // whose faults are found with the first launch
	Locks     *hostLocks
	Store     history.Store  `optional:"true"`
	Executor  runs.Executor  `optional:"true"`
	Logger    *slog.Logger   `optional:"true"`
	IO        IO             `optional:"true"`
	Retention runs.Retention `optional:"true"`
	Observer  runs.Observer  `optional:"true"`
	LogLevel  LogLevel       `optional:"true"`
	Limits    *runs.Limits   `optional:"true"`
	Other     otherForms
}

// limits returns the limits of the application, or else those of the environment.
func (p launcherParams) limits() (runs.Limits, error) {
	if p.Limits != nil {
		return *p.Limits, nil
	}
	limits, err := runs.ParseLimits(os.Getenv(limitsVariable))
	return limits, fault.Join("reading "+limitsVariable, fault.Of(err))
}

// limitsVariable has the limits of an application that provides none.
const limitsVariable = "FXRUN_LIMITS"

// hostLocks are the locks of the launcher and of the daemon.
type hostLocks struct{ locks.Locker }

type locksParams struct {
	fx.In

	Store history.Store `optional:"true"`
	Locks locks.Locker  `optional:"true"`
}

// newLocks returns the locks of the application, or else locks that reach as far as its
// history.
func newLocks(p locksParams) (*hostLocks, error) {
	_, inMemory := p.Store.(*history.MemoryStore)
	switch {
	case p.Locks != nil:
		return &hostLocks{p.Locks}, nil
	case p.Store == nil || inMemory:
		return &hostLocks{locks.NewMemory()}, nil
	}
	folder, err := filepath.Abs(filepath.Join(Home(), "locks")) // the working directory may change
	if err != nil {
		return nil, fmt.Errorf("finding the folder of locks: %w", err)
	}
	return &hostLocks{filelocks.New(folder)}, nil
}

func newLauncher(p launcherParams) (*runs.Launcher, error) {
	if err := p.Other.check(); err != nil {
		return nil, err
	}
	limits, err := p.limits()
	if err != nil {
		return nil, err
	}
	launcher, err := runs.NewLauncher(runs.LauncherConfig{
		Container: p.Container, Graph: p.Graph, Store: p.Store, Locks: p.Locks.Locker, Executor: p.Executor, Logger: p.Logger,
		IO: p.IO.IOManager, LogLevel: slog.Level(p.LogLevel), Retention: p.Retention, Limits: limits,
		Observer: p.Observer,
	})
	if err != nil {
		return nil, err
	}
	p.Lifecycle.Append(fx.Hook{
		OnStop: func(ctx context.Context) error { return drain(ctx, launcher) },
	})
	return launcher, nil
}

// drain closes the launcher. Fx waits no longer than until ctx ends, and what
// runs hold must be released before that: half of the time is for their ends,
// the other half for the teardown of those that had to be cancelled.
func drain(ctx context.Context, launcher *runs.Launcher) error {
	deadline, ok := ctx.Deadline()
	if !ok {
		return launcher.Close(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Until(deadline)/2)
	defer cancel()
	return launcher.Drain(ctx)
}

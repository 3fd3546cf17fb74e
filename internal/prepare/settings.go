package prepare

import (
	"log/slog"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
)

// Settings is what a child is opened with.
type Settings struct {
	graph.Subject
	pointers  []any
	ownLaunch config.RunConfig // of a nested child, without its parent's
	Info      resource.RunInfo
	Logger    *slog.Logger
	// LoggerOver makes the logger of a resource whose module of the host application
	// has a logger of its own. If it is nil, all resources get Logger.
	LoggerOver func(module *slog.Logger) *slog.Logger
	Observers  []func(resource.Event)
	MaxStarts  int
	options    []fx.Option

	AllowStopErrors bool
	processOnly     bool // of what is Eager, only what lives per process is to start
}

// defaultMaxStarts is how many resources of a child start at once.
const defaultMaxStarts = 16

// orLog gives the logger of the host application to a child that has none.
func (c Settings) orLog(g *graph.Graph) Settings {
	if c.Logger == nil {
		c.Logger, c.LoggerOver = hostLogger(g), ofModule
	}
	return c
}

// hostLogger returns the logger of the host application, or one that discards
// everything.
func hostLogger(g *graph.Graph) *slog.Logger {
	if logger := g.Logger(); logger != nil {
		return logger
	}
	return slog.New(slog.DiscardHandler)
}

// ofModule makes a resource write directly to the logger of its module.
func ofModule(module *slog.Logger) *slog.Logger { return module }

// inherit adds the settings of the parent, where a nested child has none of its own.
func (c Settings) inherit(parent Settings) Settings {
	c.ownLaunch, c.Launch = c.Launch, parent.Launch.Merge(c.Launch)
	c.Known = parent.Known
	c.Observers = append(append([]func(resource.Event){}, parent.Observers...), c.Observers...)
	c.AllowStopErrors = c.AllowStopErrors || parent.AllowStopErrors
	if c.Info.ID == "" {
		c.Info = parent.Info
	}
	if c.Logger == nil {
		c.Logger, c.LoggerOver = parent.Logger, parent.LoggerOver
	}
	return c
}

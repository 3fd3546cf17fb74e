package assets

import (
	"log/slog"
	"maps"
	"sync"

	"github.com/fxrun/fxrun/container"
)

// Context tells an asset's function about the step that it is executed in, and
// takes what the function has to say about it. It is safe for concurrent use
// while the function runs.
type Context struct {
	config ContextConfig

	mu       sync.Mutex
	metadata map[string]map[string]any // by asset; "" is about all
}

// ContextConfig is what a [Context] is made of. Every field may be zero.
type ContextConfig struct {
	// Run tells about the run.
	Run container.RunInfo
	// Key is the step's key.
	Key string
	// Partition is the part of the asset that is computed; "" for the whole.
	Partition string
	// Attempt counts from 1.
	Attempt int
	// Logger is the step's logger. Defaults to one that discards.
	Logger *slog.Logger
	// Progress is called with what the function tells to [Context.Progress].
	// It must be safe for concurrent use.
	Progress func(done, total int64)
}

// NewContext makes a Context: for whoever executes steps, and for tests that
// call an asset's function themselves.
func NewContext(config ContextConfig) *Context {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Attempt == 0 {
		config.Attempt = 1
	}
	return &Context{config: config, metadata: make(map[string]map[string]any)}
}

// Run tells about the run.
func (c *Context) Run() container.RunInfo { return c.config.Run }

// Key returns the step's key: that of its asset, or the name of its op.
func (c *Context) Key() string { return c.config.Key }

// Partition returns the part of the asset that is computed; "" for the whole.
func (c *Context) Partition() string { return c.config.Partition }

// Attempt returns which attempt at the step this is, from 1.
func (c *Context) Attempt() int { return c.config.Attempt }

// Logger returns the step's logger: what it writes is kept with the run.
func (c *Context) Logger() *slog.Logger { return c.config.Logger }

// AddMetadata keeps a fact about the value that is being computed: it is shown
// with the materialization. value should be a number, text, a boolean, or
// something that encoding/json can write: it is read back as JSON is, a number as
// json.Number. The last value of a name counts. Of a
// function that makes several assets it is about all of them: see
// [Context.AddMetadataOf].
func (c *Context) AddMetadata(name string, value any) { c.AddMetadataOf("", name, value) }

// AddMetadataOf keeps a fact about one of several assets that the function
// makes. It counts over what [Context.AddMetadata] says; about a key that the
// function does not make it is not kept.
func (c *Context) AddMetadataOf(asset, name string, value any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.metadata[asset] == nil {
		c.metadata[asset] = make(map[string]any)
	}
	c.metadata[asset][name] = value
}

// Metadata returns a copy of what was added so far about an asset.
func (c *Context) Metadata(asset string) map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	about := maps.Clone(c.metadata[""])
	if about == nil {
		about = make(map[string]any)
	}
	if asset != "" {
		maps.Copy(about, c.metadata[asset])
	}
	return about
}

// Progress tells how far the function has come, in rows or whatever it counts.
// total is 0 where it is not known.
func (c *Context) Progress(done, total int64) {
	if c.config.Progress != nil {
		c.config.Progress(done, total)
	}
}

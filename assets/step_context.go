package assets

import (
	"log/slog"
	"maps"
	"sync"

	"github.com/fxrun/fxrun/container"
)

// Context describes the step to its function, and takes metadata and progress
// from the function. It is safe for concurrent use while the function runs.
type Context struct {
	config ContextConfig

	mu       sync.Mutex
	metadata map[string]map[string]any // by asset; "" is about all
}

// ContextConfig holds the values of a [Context]. Every field may be zero.
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

// NewContext makes a Context. Executors of steps call it, and so do tests that
// call the function of an asset themselves.
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

// Attempt returns the number of the attempt, counted from 1.
func (c *Context) Attempt() int { return c.config.Attempt }

// Logger returns the logger of the step. Its lines are stored with the run.
func (c *Context) Logger() *slog.Logger { return c.config.Logger }

// AddMetadata stores a fact about the value that is being computed. It is shown
// with the materialization. value should be a number, text, a boolean, or another
// value that encoding/json can write. It is read back as JSON, and a number as
// json.Number. In place of a value of more than 1 MiB as JSON, a text that says so is
// stored. If a name is given several times, the last value is used. If the function
// makes several assets, the fact is about all of them; see [Context.AddMetadataOf].
func (c *Context) AddMetadata(name string, value any) { c.AddMetadataOf("", name, value) }

// AddMetadataOf stores a fact about one of several assets that the function
// makes. It has priority over [Context.AddMetadata]. If the function does not
// make an asset with this key, the fact is not stored.
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

// Progress reports how much of the work is done, in rows or in another unit.
// total is 0 if it is not known.
func (c *Context) Progress(done, total int64) {
	if c.config.Progress != nil {
		c.config.Progress(done, total)
	}
}

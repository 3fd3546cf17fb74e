package host

import (
	"io"
	"log"

	"go.uber.org/fx"
)

// Quiet leaves out what Fx writes of its own work. fx.NopLogger alone does not suffice: if
// the graph has a cycle, Fx cannot build that logger and writes all events to standard
// error. A logger that the application gives with fx.WithLogger after it is used.
var Quiet = fx.Options(
	fx.Logger(log.New(io.Discard, "", 0)), // what Fx falls back to
	fx.NopLogger,
)

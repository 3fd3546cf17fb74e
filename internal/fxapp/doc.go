// Package fxapp makes the Fx application of a child container. What it has to hold
// is its [Content] (content.go). The options come from [Parts], which makes each of
// them once: of resources (wrapper.go), of other keys (answer.go), of targets
// (invoke.go), and of what nested children borrow (lends.go). They find their
// [Child] (child.go) among their parameters. [Run] (run.go) runs the application,
// and [Plainly] (plain_error.go) makes its errors readable.
package fxapp

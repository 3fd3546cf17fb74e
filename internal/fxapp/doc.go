// Package fxapp makes the Fx application of a child container, which has a
// [Content] (content.go). [Parts] makes each of its options once: those of
// resources (wrapper.go), of other keys (answer.go), of targets (invoke.go), and of
// the values that nested children borrow (lends.go). The functions of the options
// have their [Child] (child.go) as a parameter. [Run] (run.go) runs the
// application, [Bind] does without one where it can, and [Plainly] (plain_error.go)
// makes the errors of an application readable.
package fxapp

// Package child opens child containers that package prepare has prepared. Read it
// from the bottom up: a child is closed once (closing.go), after the nested children
// that are open (open_children.go). One resource is an instance (instance.go) with a
// lifecycle (lifecycle.go, late_stop.go), and all of one child share a state
// (state.go). Observers (observers.go) are told of the attempts at starting an
// instance (attempt.go). The resources are started by starter.go, or by Fx, for which
// fx_starter.go is called; build.go chooses. stopper.go stops them. All of this is a
// live child (live_child.go, health.go). The file process.go keeps the resources that
// live per process, and acquisition.go waits for their starts. A [Parent] (parent.go)
// has both, and opens a [Child] (child.go, prepared.go, invoke.go).
package child

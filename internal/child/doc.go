// Package child prepares child containers of a checked graph, and opens them. Read
// it in this order: a Parent (parent.go) takes options (child_option.go) and makes a
// preparation (prepare.go), which decides by a builder (child_builder.go) what is
// needed. Opening it makes a Child (child.go) with its state (child_state.go). The
// resources are started by starter.go, or by Fx, for which assembly.go and its
// neighbours (wrapper.go, invoke.go, answer.go, app.go) make the options. One
// resource is an instance (instance.go), started by attempts (attempt.go), each with
// a lifecycle (lifecycle.go). Users' functions are called by a pool of workers
// (worker_pool.go), and observers by observers.go. A child is closed (closing.go)
// after the nested children that are open (open_children.go). What lives per
// process is kept by process.go, and waited for by acquisition.go.
package child

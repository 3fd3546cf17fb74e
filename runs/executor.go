package runs

import "context"

// Executor decides where and when the steps of a run are executed. The suite in
// package executortest decides what an executor is; [Execution.Schedule] does
// what all of them have in common.
type Executor interface {
	// Execute executes every step of the plan, each after all of its Needs
	// have succeeded, and returns when none is executing any more: nil if all
	// succeeded, else the errors of those that failed, joined. Each step is
	// given to exactly one of [Execution.Step] and [Execution.Skip]; when ctx
	// has ended, steps that have not begun are left alone.
	Execute(ctx context.Context, execution *Execution) error
}

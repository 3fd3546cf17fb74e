// Package runs launches, executes and records runs.
//
// A [Launcher] checks a [Request], which names a job or a selection and has the
// config of the launch. If the request is right, the launcher opens a child
// container for the run, has an [Executor] execute the steps of the plan, and closes
// the container. It returns a [Run], by which the caller waits for the end of the
// run or cancels it. All events of the run are recorded in a history.Store.
//
// An [Executor] decides where steps are executed. To execute a step in this process
// it calls [Execution.Step]. For another process it sends the result of
// [Execution.Request], has [Launcher.ExecuteStep] called in that process, and gives
// the events that come back to [Execution.Record]. Package executortest is the suite
// that every executor must pass.
//
// A [Cluster] is an executor whose runs go on when the process that has launched them ends.
// Its workers call [Launcher.ExecuteRun] and [Execution.Attempt], and write into the store
// that all launchers share. Another launcher takes over a run whose owner is gone: see
// [Launcher.Adopt].
//
// A run can also wait in a queue: [Prepared.Queue] leaves it to any process that calls
// [Launcher.Work]. [Limits] are what all processes with the same history may do at the
// same time. They share it by the locks of [LauncherConfig]. By these locks a launcher
// also finds the runs of processes that have ended: it records them as failed, or
// resumes them if their policy says so. A [Retention] says how long runs are kept.
//
// Runs may store the same assets at the same time. A step that takes the value of an
// asset of its own run gets the value that this run has stored. If another run has
// replaced it, the step fails with an error that matches iomanagers.ErrReplaced, and is
// not tried again. An upstream asset that is not part of the run is loaded as it was
// stored last. IO managers that keep the run with a value find this out for runs of all
// processes. For other IO managers the launcher finds it out for its own runs only.
//
// The package imports container, assets, rows, iomanagers, history, locks and backoff.
// Package automation, which launches runs by itself, and package cli stand on it.
package runs

// Package processes executes runs in operating system processes of their own.
//
// [Steps] starts one process for each attempt at a step, and [Whole] starts one process
// for a run. The process is the same program again. It is told what to do over a pipe,
// opens its own child container with the resources that it needs, and sends back what
// happens, over another pipe. So each resource lives once in each process. The process
// that has launched the run is the only one that writes the history.
//
// A program that uses these executors must be able to be such a process. Package cli
// has a hidden command for it. Any other program calls [Main] at the beginning of its
// main function if [Asked] says so, or [Work].
//
// A process that crashes, is killed or calls os.Exit is a failed step, with its exit
// code or signal and its last output. No process outlives the one that has started it:
// when the pipe is closed, it cancels its work, stops its resources and ends. On Linux
// the kernel also tells it by a signal.
//
// The package imports runs, assets, history, backoff and Fx. Next: package cli.
package processes

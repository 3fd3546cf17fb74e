package processes

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/excerpt"
	"github.com/fxrun/fxrun/runs"
)

// Asked reports whether this process was started to execute steps, with the default of
// [Config.Args]: its first argument is [Argument].
func Asked() bool { return len(os.Args) > 1 && os.Args[1] == Argument }

// Work makes this process execute the step, or the run, for which it was started. args
// are the arguments of the process; Work reads the last two of them. Work calls host,
// which makes a launcher of the definitions of the program, calls execute with it, and
// stops what it has started. It returns the errors of both. The context of host ends
// when the work is cancelled.
//
// If Work returns an error, this process was not started by an executor of this
// package, or the process that has started it has ended. All other errors are sent to
// that process. The program must end after Work has returned.
//
// While Work runs, a SIGTERM cancels the work. SIGINT, SIGHUP and SIGPIPE do nothing:
// the process that has launched the run decides what they mean.
func Work(ctx context.Context, args []string, host func(ctx context.Context, execute func(*runs.Launcher) error) error) error {
	control, out, err := pipes(args)
	if err != nil {
		return fmt.Errorf("executing steps for another process: this command is started by a run, and not by hand: %w", err)
	}
	defer func() { _, _ = control.Close(), out.Close() }()
	lines := bufio.NewReaderSize(control, 64<<10)
	first, err := readOrder(lines)
	if err != nil || first.Task == nil {
		return errors.Join(errors.New("executing steps for another process: it has not told which"), err)
	}
	own, end := context.WithCancelCause(ctx)
	defer end(nil)
	w := &worker{task: *first.Task, end: end, draining: make(chan struct{}), confirmed: newConfirmations()}
	w.task.Request.Secrets = w.task.Secrets
	defer w.listen()()
	go w.obey(lines)
	frames := &frameWriter{to: out}
	err = host(own, func(launcher *runs.Launcher) error { return w.execute(own, launcher, frames) })
	if orphan := frames.write(report{Ended: &ended{Error: excerpt.OfFailure(history.FailureOf(err))}}); orphan != nil {
		endOwnGroup() // nobody else ends what steps have left
		return fmt.Errorf("executing steps for another process: %w", orphan)
	}
	return nil
}

// worker is the work of this process for another one.
type worker struct {
	task task
	end  context.CancelCauseFunc // of the work

	drainOnce sync.Once
	draining  chan struct{}
	endOnce   sync.Once
	confirmed *confirmations
}

func (w *worker) execute(ctx context.Context, launcher *runs.Launcher, frames *frameWriter) error {
	if w.task.Request.Step != "" {
		return launcher.ExecuteStep(ctx, w.task.Request, &reports{frames: frames, confirmed: w.confirmed, alone: true})
	}
	options := runs.RunOptions{Executor: runs.InProcess(runs.InProcessConfig{MaxParallel: w.task.MaxParallel}), Drain: w.draining}
	return launcher.ExecuteRun(ctx, w.task.Request, &reports{frames: frames, confirmed: w.confirmed}, options)
}

// obey does what the other process orders. When the pipe is closed, that process has
// ended or waits for the end of this one.
func (w *worker) obey(lines *bufio.Reader) {
	defer w.confirmed.end()
	for {
		next, err := readOrder(lines)
		switch {
		case err != nil:
			w.cancel(errors.New("the process that has launched the run has ended"))
			return
		case next.Recorded != nil:
			w.confirmed.take(*next.Recorded)
		case next.Drain != nil:
			w.drainOnce.Do(func() { close(w.draining) })
		case next.Cancel != nil && next.Cancel.Cancelled:
			w.end(&causeError{next.Cancel.Cause, runs.ErrCancelled})
		case next.Cancel != nil:
			w.end(&causeError{text: next.Cancel.Cause})
		}
	}
}

// cancel ends the work, and the process if its work goes on for too long: nobody else
// may be there to kill it, or to confirm what it tells.
func (w *worker) cancel(cause error) {
	w.endOnce.Do(func() {
		w.end(cause)
		time.AfterFunc(w.task.Grace/4, w.confirmed.end)
		time.AfterFunc(w.task.Grace, func() {
			endOwnGroup()
			os.Exit(1)
		})
	})
}

// listen takes the signals of this process.
func (w *worker) listen() (stop func()) {
	ignored, asked, over := make(chan os.Signal, 1), make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(ignored, append([]os.Signal{os.Interrupt, syscall.SIGHUP}, brokenPipe...)...)
	signal.Notify(asked, syscall.SIGTERM)
	go func() {
		select {
		case <-asked:
			w.cancel(errors.New("the process was asked to end by the signal SIGTERM"))
		case <-over:
		}
	}()
	return func() { close(over) } // the signals stay as they are until the process ends
}

// causeError is a cause from another process, of which only the text has come.
type causeError struct {
	text string
	is   error
}

func (e *causeError) Error() string { return e.text }

func (e *causeError) Unwrap() error { return e.is }

func readOrder(lines *bufio.Reader) (order, error) {
	var next order
	line, err := readLine(lines, maxOrder)
	if err != nil {
		return next, err
	}
	return next, json.Unmarshal(line, &next)
}

package processes

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// process is a process under way that executes steps.
type process struct {
	config    Config
	execution *runs.Execution
	step      string        // the only one; "" for the whole run
	timeout   time.Duration // of an attempt at this step; 0 for none

	command *exec.Cmd
	control *os.File     // which orders are written to
	orders  *frameWriter // writes to it
	output  *output

	kill   chan error // why watch is to kill the process
	forced error      // why watch has killed it; read after watch has returned

	began time.Time
	seen  seen
	left  []history.LeftResource // started and not stopped
}

// seen is what the events of a process have told of its step.
type seen struct {
	attempt int               // that has started; 0 for none
	end     history.EventData // of the attempt; nil for none
}

// executed is how a process has ended.
type executed struct {
	err     error         // why the work failed, or how the process ended before it
	died    bool          // the process ended before its work did
	usage   history.Usage // of a process that died
	seen    seen
	elapsed time.Duration
}

// execute starts a process, has it do its task, and waits for its end.
func (p *process) execute(ctx context.Context, by *starter, environment []string, task task) executed {
	p.began, p.kill = time.Now(), make(chan error, 1)
	task.Grace = p.config.Grace
	from, err := p.start(by, environment)
	if err != nil {
		return executed{err: fmt.Errorf("starting the process: %w", err), died: true}
	}
	defer func() { _ = from.Close() }()
	watching, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watching)
		p.watch(ctx, task, over)
	}()
	told, wrong := p.follow(ctx, from)
	if wrong != nil {
		p.killBecause(wrong)
	}
	exit := p.wait()
	close(over)
	<-watching
	p.output.end()
	result := executed{seen: p.seen, elapsed: time.Since(p.began)}
	switch {
	case told != nil && p.forced == nil && exit == nil:
		result.err = told.Error.Err()
	case told != nil:
		result.err = errors.Join(told.Error.Err(), p.died(exit))
	default:
		result.died, result.usage, result.err = true, usageOf(p.command.ProcessState), p.died(exit)
		p.execution.LeaveBehind(p.left...)
	}
	return result
}

// start starts the process. It returns the pipe on which the process reports.
func (p *process) start(by *starter, environment []string) (from *os.File, err error) {
	program, err := executable()
	if err != nil {
		return nil, err
	}
	var files []*os.File
	pipe := func() (r, w *os.File) {
		if err == nil {
			r, w, err = os.Pipe()
			files = append(files, r, w)
		}
		return r, w
	}
	in, control := pipe()
	from, out := pipe()
	stdoutR, stdoutW := pipe()
	stderrR, stderrW := pipe()
	if err == nil {
		p.command = exec.Command(program) //nolint:noctx // it is not killed when a context ends, but told
		p.command.Args = append([]string{os.Args[0]}, p.config.Args...)
		p.command.Env, p.command.Stdout, p.command.Stderr = environment, stdoutW, stderrW
		err = passOn(p.command, in, out)
	}
	if err == nil {
		err = by.start(p.command)
	}
	if err != nil {
		for _, file := range files {
			if file != nil {
				_ = file.Close()
			}
		}
		return nil, err
	}
	for _, theirs := range []*os.File{in, out, stdoutW, stderrW} {
		_ = theirs.Close()
	}
	p.control, p.orders = control, &frameWriter{to: control}
	p.output = &output{log: p.log}
	p.output.read("stdout", stdoutR)
	p.output.read("stderr", stderrR)
	return from, nil
}

// log records a line of output with the step.
func (p *process) log(stream, line string) {
	event := history.LogWritten{Level: slog.LevelInfo, Message: line, Step: p.step}
	if stream != "" {
		event.Attrs = history.Attrs{{Name: "stream", Value: stream}}
	}
	_ = p.execution.Record(context.Background(), history.Event{RunID: p.execution.RunID(), Data: event})
}

// watch tells the process what to do, and that its run drains or has ended. It kills a
// process that does not end in time.
func (p *process) watch(ctx context.Context, task task, over <-chan struct{}) {
	orders, written := make(chan order, 3), make(chan struct{})
	go func() { // a process that does not read them must be killed nevertheless
		defer close(written)
		for order := range orders {
			_ = p.orders.write(order)
		}
	}()
	defer func() {
		close(orders)
		_ = p.control.Close()
		<-written
	}()
	orders <- order{Task: &task}
	draining, cancelled := p.execution.Draining(), ctx.Done()
	var late <-chan time.Time
	for {
		select {
		case <-over:
			return
		case <-draining:
			draining = nil
			orders <- order{Drain: new(drain)}
		case <-cancelled:
			cancelled = nil
			cause := context.Cause(ctx)
			orders <- order{Cancel: &cancel{Cause: cause.Error(), Cancelled: errors.Is(cause, runs.ErrCancelled)}}
			late = time.After(p.config.Grace)
		case <-late:
			p.killNow(fmt.Errorf("it did not end within %s of its cancellation", p.config.Grace))
		case why := <-p.kill:
			p.killNow(why)
		}
	}
}

// killBecause has the process killed.
func (p *process) killBecause(why error) {
	select {
	case p.kill <- why:
	default: // it is killed already
	}
}

func (p *process) killNow(why error) {
	if p.forced == nil {
		p.forced = why
	}
	killGroup(p.command.Process)
}

// follow records what the process reports, until the process has closed its pipe. wrong
// is why the process must be killed.
func (p *process) follow(ctx context.Context, from io.Reader) (told *ended, wrong error) {
	limit := time.AfterFunc(time.Hour, func() {
		p.killBecause(fmt.Errorf("timed out after %s, and it did not end within %s after that", p.timeout, p.config.Grace))
	})
	limit.Stop()
	defer limit.Stop()
	lines := bufio.NewReaderSize(from, 64<<10)
	for {
		frame, err := readReport(lines)
		switch {
		case errors.Is(err, io.EOF):
			return told, nil
		case err != nil:
			return told, fmt.Errorf("it sent %w", err)
		case told != nil:
			return told, errors.New("it sent a frame after its last one")
		case frame.Ended != nil:
			told = frame.Ended
			continue
		}
		p.note(*frame.Event)
		if p.timeout > 0 && p.seen.attempt > 0 {
			if p.seen.end != nil {
				limit.Stop()
			} else if frame.Event.Type() == history.TypeStepStarted {
				limit.Reset(p.timeout + p.config.Grace)
			}
		}
		err = p.execution.Record(context.WithoutCancel(ctx), *frame.Event)
		if err != nil && ctx.Err() == nil {
			return told, fmt.Errorf("it sent an event that can't be recorded: %w", err)
		} // else the run has ended, perhaps because the history can't be kept, and the process is told
		p.confirm(frame.Number, err)
	}
}

// confirm tells the process that an event is recorded, or why it is not, if it waits for that.
func (p *process) confirm(number int, err error) {
	if number == 0 {
		return
	}
	answer := recorded{Number: number}
	if err != nil {
		answer.Refused = err.Error()
	}
	_ = p.orders.write(order{Recorded: &answer})
}

// note keeps what an event says.
func (p *process) note(event history.Event) {
	ended := func(resource history.LeftResource) {
		if i := slices.Index(p.left, resource); i >= 0 {
			p.left = slices.Delete(p.left, i, i+1)
		}
	}
	switch data := event.Data.(type) { //nolint:gochecksumtype // the others are of no interest here
	case history.ResourceStarting:
		p.left = append(p.left, history.LeftResource(data))
	case history.ResourceStarted:
		if data.Error != (history.Failure{}) {
			ended(history.LeftResource{Resource: data.Resource, Step: data.Step})
		}
	case history.ResourceStopped:
		ended(history.LeftResource{Resource: data.Resource, Step: data.Step})
	case history.StepStarted:
		p.seen = seen{attempt: data.Attempt}
	case history.StepSucceeded, history.StepFailed, history.StepCancelled, history.StepSkipped:
		p.seen.end = data
	}
}

// wait waits for the end of the process, and ends all that it has started.
func (p *process) wait() error {
	late := time.AfterFunc(p.config.Grace, func() { p.killBecause(fmt.Errorf("it did not end within %s of its last report", p.config.Grace)) })
	defer late.Stop()
	endGroup(p.command.Process)
	return p.command.Wait()
}

// died returns how the process has ended.
func (p *process) died(exit error) error {
	err := &processError{}
	var text strings.Builder
	state := p.command.ProcessState
	switch signal := signalOf(state); {
	case p.forced != nil:
		fmt.Fprintf(&text, "the process was killed: %v", p.forced)
	case signal == "killed":
		text.WriteString("the process was killed by the signal SIGKILL, as the system does when memory is short")
	case signal != "":
		fmt.Fprintf(&text, "the process was ended by a signal (%s)", signal)
	case state != nil && state.ExitCode() == 0:
		text.WriteString("the process ended with exit code 0 before its work did, as os.Exit(0) does")
	case state != nil:
		fmt.Fprintf(&text, "the process ended with exit code %d", state.ExitCode())
	default:
		fmt.Fprintf(&text, "waiting for the process: %v", exit)
	}
	var lines []string
	if lines, err.stack = p.output.told(); len(lines) == 1 {
		text.WriteString("; its last output: " + lines[0])
	} else if len(lines) > 1 {
		text.WriteString("; its last output:\n  " + strings.Join(lines, "\n  "))
	}
	if len(p.left) > 0 {
		names := make([]string, len(p.left))
		for i, resource := range p.left {
			names[i] = resource.String()
		}
		text.WriteString("\nresources that were not stopped: " + strings.Join(names, ", "))
	}
	err.text = text.String()
	return err
}

// processError is the end of a process before its work.
type processError struct{ text, stack string }

func (e *processError) Error() string { return e.text }

// Stack returns what the Go runtime has written about a crash, or "".
func (e *processError) Stack() string { return e.stack }

package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/fxrun/fxrun/internal/fault"
)

// watcher is the process of dev --watch. It keeps the socket open, builds the program when
// its files change, and has each build serve the pages in a process of its own. It makes no
// application, so that nothing in the program can stop it.
type watcher struct {
	cmd    *cobra.Command
	source string   // the folder of the package main
	folder string   // for the builds
	socket *os.File // that all processes accept from
	args   []string // of the processes

	serving *servedProcess // nil if none serves
	builds  int
	under   sync.WaitGroup // processes, and what answers in their place
}

// buildSoon is for how long no file must have changed before the program is built.
const buildSoon = 100 * time.Millisecond

// runWatch serves the pages by processes that are built anew when files change.
func (p program) runWatch(cmd *cobra.Command, flags serveFlags) error {
	if err := fault.Join("reading the flags", fault.Of(flags.check(cmd, serveTokens{}))); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return invalid("reading the flags", "--watch hands a socket from process to process, which Windows cannot do: start dev again after a change")
	}
	source, err := sourceOfMain()
	if err != nil {
		return invalid("reading the flags", "--watch: %w", err)
	}
	listener, err := flags.listen(cmd)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	socket, err := sharedSocket(listener.(*net.TCPListener))
	if err != nil {
		return fmt.Errorf("keeping the socket: %w", err)
	}
	defer func() { _ = socket.Close() }()
	folder, err := os.MkdirTemp("", "fxrun-watch-")
	if err != nil {
		return fmt.Errorf("making a folder for builds: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	interrupts := listen(cmd.Context())
	defer interrupts.close()
	w := &watcher{cmd: cmd, source: source, folder: folder, socket: socket, args: watchedArgs(cmd)}
	address := flags.url(listener)
	_, _ = fmt.Fprintf(cmd.OutOrStdout(), "the pages are at %s\n", address)
	if !flags.noOpen {
		openBrowser(cmd.Context(), address)
	}
	return interrupts.during(w.watch, noteStopping(cmd))
}

// sourceOfMain returns the folder of the function main, as the program was built from it.
func sourceOfMain() (string, error) {
	frames := runtime.CallersFrames(callers())
	for {
		frame, more := frames.Next()
		if frame.Function == "main.main" {
			folder := filepath.Dir(frame.File)
			if _, err := os.Stat(frame.File); err != nil || !filepath.IsAbs(frame.File) {
				return "", fmt.Errorf("the source of the program is not at %s: build it on this machine, without -trimpath", frame.File)
			}
			return filepath.EvalSymlinks(folder)
		}
		if !more {
			return "", errors.New("the source of the program is not known, since the function main of the program does not call the command")
		}
	}
}

func callers() []uintptr {
	frames := make([]uintptr, 200)
	return frames[:runtime.Callers(2, frames)]
}

// watchedArgs are the arguments of the processes that serve: those that were given, but for
// the ones that this process uses itself.
func watchedArgs(cmd *cobra.Command) []string {
	args := pathOf(cmd)
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		switch several, ok := flag.Value.(pflag.SliceValue); {
		case flag.Name == "watch" || flag.Name == "addr" || flag.Name == "no-open":
		case ok:
			for _, value := range several.GetSlice() {
				args = append(args, "--"+flag.Name+"="+value)
			}
		default:
			args = append(args, "--"+flag.Name+"="+flag.Value.String())
		}
	})
	return append(args, "--no-open")
}

// watch builds the program, and again after each change, until ctx ends.
func (w *watcher) watch(ctx context.Context) error {
	changes, err := newChanges()
	if err != nil {
		return fmt.Errorf("watching files: %w", err)
	}
	defer changes.close()
	defer w.stop()
	for ctx.Err() == nil {
		if err := changes.watch(ctx, w.source); err != nil && ctx.Err() == nil {
			w.tell("some files cannot be watched: " + err.Error())
		}
		w.build(ctx, changes)
		w.waitForChange(ctx, changes)
	}
	return nil
}

// waitForChange waits for a change. If no process serves, it answers in its place.
func (w *watcher) waitForChange(ctx context.Context, changes *changes) {
	if w.serving != nil {
		select {
		case <-ctx.Done():
			return
		case <-changes.quiet:
			return
		case <-w.serving.done:
		}
		w.problem("the program has ended: " + w.serving.outcome())
		w.serving = nil
	}
	w.explain(ctx, changes)
}

// stop ends the process that serves, and waits for it and for those before it.
func (w *watcher) stop() {
	if w.serving != nil {
		w.serving.stop()
	}
	w.under.Wait()
}

// build builds the program, and has the new process take over if it can.
func (w *watcher) build(ctx context.Context, changes *changes) {
	w.builds++
	began := time.Now()
	binary := filepath.Join(w.folder, fmt.Sprintf("%d", w.builds), filepath.Base(processName()))
	if problem := buildProgram(ctx, w.source, binary); problem != "" || ctx.Err() != nil {
		w.problem(problem)
		return
	}
	next, err := w.start(binary)
	if err == nil {
		err = next.wait(ctx, changes.quiet)
	}
	if ctx.Err() != nil {
		if next != nil {
			next.stop()
		}
		return
	}
	if errors.Is(err, errOutdated) {
		w.tell("the program was built, and is built again: " + err.Error())
		w.under.Go(next.stop)
		changes.again()
		return
	}
	if err != nil {
		w.problem("the program was built, and does not start: " + err.Error())
		return
	}
	w.problem("")
	w.tell(fmt.Sprintf("built and started in %s", time.Since(began).Round(10*time.Millisecond)))
	if old := w.serving; old != nil {
		w.under.Go(old.stop) // its runs end, while the new one answers
	}
	w.serving = next
}

// problemFile is where the processes that serve find why the program could not be built.
func (w *watcher) problemFile() string { return filepath.Join(w.folder, "problem") }

// problem tells what prevents a new program, or that nothing does.
func (w *watcher) problem(text string) {
	if text != "" {
		w.tell(text)
	}
	if err := os.WriteFile(w.problemFile(), []byte(text), 0o600); err != nil {
		w.tell("the pages cannot be told: " + err.Error())
	}
}

func (w *watcher) tell(text string) {
	_, _ = fmt.Fprintln(w.cmd.ErrOrStderr(), "watch: "+cleanLines(strings.TrimSpace(text)))
}
